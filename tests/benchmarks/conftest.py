import pytest
import torch

from wholebody_lift.features import KEYPOINT_FEATURES, PERSON_FEATURES, Features


@pytest.fixture
def told() -> Features:
    """What a network is told of three people, at random."""
    generator = torch.Generator().manual_seed(0)
    return Features(
        torch.randn(3, 133, KEYPOINT_FEATURES, generator=generator),
        torch.randn(3, PERSON_FEATURES, generator=generator),
    )
