"""Text from outside is shown as text: it steers no terminal and turns nothing about."""

import sys
import unicodedata

from claimsctl.text import escaped, in_quotes

SPELLED = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_each_character_that_cannot_be_seen_is_spelled_out() -> None:
    """Control, format, surrogate, line and paragraph separator: all of them, and nothing else."""
    every = (chr(code) for code in range(sys.maxunicode + 1))
    known = {each: unicodedata.category(each) for each in every}
    wrong = [
        hex(ord(each))
        for each, category in known.items()
        if category != "Cn" and (escaped(each) != each) is not (category in SPELLED)
    ]
    assert [] == wrong


def test_how_they_are_spelled() -> None:
    """As Python spells them: four digits, or eight."""
    text = "a\u202eb\u2028\n\x1b[2J\U000e0041\ud800é🙂"
    assert r"a\u202eb\u2028\u000a\u001b[2J\U000e0041\ud800é🙂" == escaped(text)


def test_a_quoted_value_is_not_a_literal_of_python() -> None:
    r"""A backslash is one backslash, as in the file; what cannot be seen is spelled out."""
    assert r"'\N'" == in_quotes(r"\N")
    assert r"'a\u000ab'" == in_quotes("a\nb")
    assert '"it\'s"' == in_quotes("it's")
