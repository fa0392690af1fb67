"""All exercises by name, with the mistakes that people make in each."""

from backprop.practice.catalogue import (
    average,
    batch,
    conv,
    dense,
    loss,
    norm,
    norms,
    options,
    pool,
    row,
)

EXERCISES = {
    exercise.name: exercise
    for part in (dense, loss, pool, average, conv, batch, options, row, norm, norms)
    for exercise in part.EXERCISES
}
