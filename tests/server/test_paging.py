"""Cursors are opaque, and strange ones are told so."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.contracts.errors import UsageError
from countenance.server.paging import decode, encode, page


@given(st.integers(-(2**63), 2**63 - 1), st.text(max_size=40))
def test_a_place_comes_back_as_it_was(number: int, word: str) -> None:
    assert decode(encode(number, word), int, str) == (number, word)


@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    try:
        place = decode(text, int)
    except UsageError:
        return
    assert [type(one) for one in place] == [int]


@pytest.mark.parametrize("place", [[1], ["1", 1], [True], [2**64], {}, None, 1.5])
def test_a_place_of_another_kind_is_refused(place: object) -> None:
    text = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
    with pytest.raises(UsageError, match="not one that was given out"):
        decode(text, str)


def test_a_page_knows_whether_more_follows() -> None:
    assert page([1, 2, 3], 2, str) == ([1, 2], "2")
    assert page([1, 2], 2, str) == ([1, 2], None)
    assert page([], 2, str) == ([], None)
