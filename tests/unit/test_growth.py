"""What tells work that grows with its size from work that grows with its square."""

from tests.growth import grows_with_its_size_only


def test_work_that_grows_with_its_square_is_told_from_work_that_does_not() -> None:
    assert grows_with_its_size_only(lambda many: sum(range(many * 1_000)), 4_000)
    assert not grows_with_its_size_only(lambda many: sum(range(many * many)), 4_000)
