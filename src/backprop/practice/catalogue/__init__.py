"""All exercises by name, with the mistakes that people make in each."""

from backprop.practice.catalogue import (
    average,
    batch,
    conv,
    dense,
    descent,
    loss,
    norm,
    norms,
    options,
    pool,
    row,
)

EXERCISES = {
    exercise.name: exercise
    for part in (dense, loss, pool, average, conv, batch, options, row, norm, norms, descent)
    for exercise in part.EXERCISES
}
