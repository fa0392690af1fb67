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
    norm_questions,
    norms,
    norms_questions,
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
        norm_questions,
        norms,
        norms_questions,
        descent,
        gallery,
    )
    for exercise in part.EXERCISES
}
