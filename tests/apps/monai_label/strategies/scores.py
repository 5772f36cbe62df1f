"""Scores for tests."""

from apps.monai_label.strategies.exam_score import ExamScore


def score(image_id, *, version=1, disagreement=0.0, change=0.0, feature=0.0):
    return ExamScore(image_id, version, 2, disagreement, change, 1.0, 2.0, (feature,))
