"""All exercises by name, with the mistakes that people make in each."""

from backprop.practice.catalogue import (
    average,
    batch,
    batch_norm,
    batch_norm_questions,
    conv,
    dense,
    descent,
    gallery,
    group_norm,
    layer_norm,
    layer_norm_paths,
    layer_norm_questions,
    loss,
    matrix,
    network,
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
        layer_norm_paths,
        layer_norm,
        layer_norm_questions,
        batch_norm,
        batch_norm_questions,
        group_norm,
        norms_questions,
        descent,
        gallery,
    )
    for exercise in part.EXERCISES
}
