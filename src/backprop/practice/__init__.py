"""Exercises that answer back: right, not attempted, or what went wrong."""

from backprop.practice.catalogue import EXERCISES
from backprop.practice.checking import check
from backprop.practice.exercise import Exercise, Mistake
from backprop.practice.verdict import Verdict

__all__ = ["EXERCISES", "Exercise", "Mistake", "Verdict", "check"]
