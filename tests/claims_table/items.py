"""Items as tables may hold them, loaded by us or put there by hand."""

from collections.abc import Mapping
from typing import Any

from claimsctl.claims_file.export import Export
from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.record import Record
from claimsctl.claims_table.items import has_more, key_of, record_of_item
from hypothesis import strategies as st

from tests.claims_file.files import APP, TENANT, USER

OTHER_TENANT = "bbbbcccc-1111-dddd-2222-eeee3333ffff"


def item(user: str | None = USER, app: str | None = None, **attributes: Any) -> dict[str, Any]:
    """An item under the key of that user and app, with `attributes` for all the rest."""
    key = Record(TENANT, user, app).key
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}} | attributes


def claims(**values: str | list[str]) -> dict[str, Any]:
    """The attribute that holds such claims."""
    return {
        "M": {
            name: {"S": value} if isinstance(value, str) else {"L": [{"S": part} for part in value]}
            for name, value in values.items()
        }
    }


def export_item(export: Export, stored: Mapping[str, Any]) -> None:
    """Add what `stored` means, or leave it out, as ``claims export`` does."""
    try:
        export.add(record_of_item(stored), has_more=has_more(stored))
    except FieldProblem as problem:
        export.leave_out(key_of(stored), problem)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    [
        "",
        " ",
        "a|b",
        "[",
        '["a"]',
        "=1+1",
        "-",
        "@x",
        "a,b;c\td",
        '"',
        "two\nlines",
        "\r",
        "null",
        "\0",
    ]
)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6) | st.sampled_from(
    [
        "tier",
        "roles",
        "a b",
        "user",
        "app_id",
        "appId",
        "x;y",
        "tab\there",
        "nul\0",
        " blank",
        "é",
        "a|b",
    ]
)
values = st.one_of(
    texts.map(lambda text: {"S": text}),
    st.lists(texts, max_size=3).map(lambda parts: {"L": [{"S": part} for part in parts]}),
    st.sets(texts.filter(bool), min_size=1, max_size=3).map(lambda parts: {"SS": list(parts)}),
)
odd_values = st.sampled_from(
    [{"N": "7"}, {"BOOL": True}, {"NULL": True}, {"M": {}}, {"NS": ["1"]}, {"B": b"x"},
     {"L": [{"S": "a"}, {"N": "1"}]}, {"L": [{"L": []}]}]
)  # fmt: skip
users = st.sampled_from([None, USER, USER.replace("a", "b"), "casey@contoso.com", "é@x"])
apps = st.sampled_from([None, APP])
rest = st.fixed_dictionaries(
    {},
    optional={
        "claims": st.dictionaries(names, values, max_size=4).map(lambda given: {"M": given}),
        "hidden_claims": st.lists(names, min_size=1, max_size=3, unique=True).flatmap(
            lambda given: st.sampled_from([{"SS": given}, {"L": [{"S": name} for name in given]}])
        ),
        "expires_at": st.sampled_from(
            [{"N": "4102444799"}, {"N": "1767225600"}, {"N": "99999999999"}, {"N": "1"}]
        ),
        "note": st.just({"S": "by hand"}),
    },
)
odd_rest = st.fixed_dictionaries(
    {"claims": odd_values | st.dictionaries(names, odd_values | values).map(lambda m: {"M": m})},
    optional={
        "hidden_claims": odd_values | st.just({"S": "tier"}),
        "expires_at": st.sampled_from([{"S": "4102444799"}, {"N": "4102444799.5"}, {"N": "-1"}]),
    },
)
items = st.builds(
    lambda user, app, attributes: item(user, app, **attributes), users, apps, rest | odd_rest
)
tables = st.lists(items, max_size=6, unique_by=lambda one: (one["pk"]["S"], one["sk"]["S"]))
