"""What cases do not do on Google Cloud: strict, so that an entry that is no longer true fails.

`notimpl`: Skyloom cannot yet. `notyet`: the tests' engine does otherwise than Google. `never`: Workflows cannot; the
compiler refuses it.
"""

from __future__ import annotations

from skyloom.conformance.gaps import Gap

_NESTED = "docs/decisions/0024-a-flow-is-nested-steps-on-google-cloud.md"
_ORDER = Gap("never", "it shows the order of a dict's entries, which Workflows does not keep", "SKY725", _NESTED)
_BOTH = Gap("never", "a text of a computed number that may be 3 or 3.0: on its way it becomes 3", "SKY708", _NESTED)

GAPS: dict[str, Gap] = {
    "containers/dict_methods": _ORDER,
    "containers/comprehend_dicts": _ORDER,
    "containers/flatten": _ORDER,
    "containers/json_text": _ORDER,
    "containers/spreads": _ORDER,
    "fanning_out/over_dict": _ORDER,
    "ints_and_floats/annotated_lists": _ORDER,
    "ints_and_floats/parameters": _ORDER,
    "ints_and_floats/parameters-none": _ORDER,
    "loops/accumulate_tables": _ORDER,
    "loops/over_dict": _ORDER,
    "numbers_and_order/key_order_does_not_matter": _ORDER,
    "record_types/ints_become_floats-known": _ORDER,
    "record_types/ints_become_floats-unknown": _ORDER,
    "record_types/list_of_models": _ORDER,
    "surprises/key_of_the_largest": _ORDER,
    "text_methods/join": _ORDER,
    "text_methods/join-empty": _ORDER,
    "text_methods/nested_quotes": _ORDER,
    "whole_flows/word_table": _ORDER,
    "ints_and_floats/mixed_numbers-both": _BOTH,
    "ints_and_floats/mixed_numbers-ints": _BOTH,
    "ints_and_floats/running_total-none": _BOTH,
    "ints_and_floats/running_total-some": _BOTH,
    "edge_values/long_text": Gap(
        "notimpl",
        "a text of 160 KB that goes to the helper is there four times; variables have 512 KB",
        reference="https://cloud.google.com/workflows/quotas",
    ),
}
