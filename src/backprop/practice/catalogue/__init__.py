"""All exercises by name, with the mistakes that people make in each."""

from backprop.practice.catalogue import (
    average,
    batch,
    conv,
    dense,
    descent,
    gallery,
    loss,
    matrix,
    network,
    norm,
    norms,
    options,
    pool,
    row,
    written,
)

EXERCISES = {
    exercise.name: exercise
    for part in (
        dense,
        network,
        loss,
        pool,
        average,
        written,
        conv,
        batch,
        options,
        matrix,
        row,
        norm,
        norms,
        descent,
        gallery,
    )
    for exercise in part.EXERCISES
}
