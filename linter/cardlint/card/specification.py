"""The metadata specification of a model card, as one table.

The rules of the family ``metadata`` and the JSON Schema (``cardlint/schemas/card.json``) are both
derived from it. Sources: the Hub's documentation (Model Cards; ``modelcard.md``; Gated models;
``eval_results.yaml``), ``@huggingface/tasks`` (``widget-example.ts``, ``model-data.ts``), and the
texts with which the Hub's server has refused cards, collected from public issues.
"""

from __future__ import annotations

from dataclasses import dataclass

from cardlint.card import vocabulary
from cardlint.card.shapes import (
    AnyOf,
    Anything,
    Boolean,
    Many,
    Number,
    OneOf,
    Record,
    Shape,
    Table,
    Text,
    one_or_many,
)

DATASET_ID = r"(?:[\w.-]+/)?[\w.-]+"
"""The pattern of ``dataset.type`` in the Hub's answers, with dots allowed in the owner."""

_STRING_OR_NUMBER = AnyOf((Text(), Number()))


@dataclass(frozen=True, slots=True)
class Specified:
    """One field of the front matter."""

    shape: Shape
    about: str
    refused: bool = False
    """Whether the Hub is known to refuse the card when the value is of the wrong kind."""
    rule: str = "metadata/field-type"
    """The rule that judges it."""
    empty: bool = False
    """Whether nothing may stand behind the key."""


_TASK = Record({"type": Text(), "name": Text(), "args": Anything()}, required=("type",))
_DATASET = Record(
    {
        "type": Text(DATASET_ID, "the id of a dataset on the Hub, or one word"),
        "name": Text(),
        "config": Text(),
        "split": Text(),
        "revision": Text(),
        "args": Anything(),
    },
    required=("type", "name"),
)
_METRIC = Record(
    {
        "type": Text(),
        "value": Anything(),
        "name": Text(),
        "config": Text(),
        "args": Anything(),
        "verified": Boolean(),
        "verifyToken": Text(),
    },
    required=("type", "value"),
)
_SOURCE = Record({"name": Text(), "url": Text()}, required=("url",))
MODEL_INDEX = Many(
    Record(
        {
            "name": Text(),
            "results": Many(
                Record(
                    {
                        "task": _TASK,
                        "dataset": _DATASET,
                        "metrics": Many(_METRIC),
                        "source": _SOURCE,
                    },
                    required=("task",),
                )
            ),
        },
        required=("name", "results"),
    )
)

EVAL_RESULTS = Many(
    Record(
        {
            "dataset": Record(
                {
                    "id": Text(DATASET_ID, "the id of a dataset on the Hub"),
                    "task_id": Text(),
                    "revision": Text(),
                },
                required=("id", "task_id"),
            ),
            "value": Anything(),
            "verifyToken": Text(),
            "date": Text(
                r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?",
                "a date such as 2026-01-31, in quotes",
            ),
            "source": Record(
                {"url": Text(), "name": Text(), "user": Text(), "org": Text()}, required=("url",)
            ),
            "notes": Text(),
        },
        required=("dataset", "value"),
    )
)
"""The content of ``.eval_results/*.yaml``."""

_COLUMNS = Table(Many(_STRING_OR_NUMBER))
_SCORES = Many(Record({"label": Text(), "score": Number()}))
WIDGET = Many(
    Record(
        {
            "example_title": Text(),
            "group": Text(),
            "parameters": Table(Anything()),
            "output": AnyOf(
                (
                    _SCORES,
                    Record({"text": Text(), "url": Text(), "answer": Text(), "score": Number()}),
                )
            ),
            "text": Text(),
            "messages": Many(Record({"role": Text(), "content": Anything()}, required=("role",))),
            "src": Text(),
            "table": _COLUMNS,
            "structured_data": _COLUMNS,
            "source_sentence": Text(),
            "sentences": Many(Text()),
            "context": Text(),
            "prompt": Text(),
            "candidate_labels": AnyOf((Text(), Many(Text()))),
            "multi_class": Boolean(),
        }
    )
)
WIDGET_INPUTS = (
    "text",
    "messages",
    "src",
    "table",
    "structured_data",
    "source_sentence",
    "context",
    "prompt",
)
"""A widget example shows one of these at least."""

_OPTION = AnyOf((Text(), Record({"label": Text(), "value": Text()}, required=("label", "value"))))
GATED_FIELDS = Table(
    AnyOf(
        (
            OneOf(lambda: vocabulary.GATED_TYPES),
            Record(
                {"type": OneOf(lambda: vocabulary.GATED_TYPES), "options": Many(_OPTION)},
                required=("type",),
            ),
        )
    )
)

CO2 = AnyOf(
    (
        Number(),
        Record(
            {
                "emissions": Number(),
                "source": Text(),
                "training_type": Text(),
                "geographical_location": Text(),
                "hardware_used": Text(),
            },
            required=("emissions",),
        ),
    )
)

FIELDS: dict[str, Specified] = {
    "language": Specified(
        one_or_many(OneOf(vocabulary.languages, judged=False)),
        "ISO 639-1 or 639-3 codes in lower case, or `code`, `multilingual`",
        refused=True,
    ),
    "language_bcp47": Specified(one_or_many(Text()), "languages as BCP 47 tags, such as pt-BR"),
    "license": Specified(
        one_or_many(OneOf(vocabulary.licenses, judged=False)),
        "an id of the Hub's list of licenses",
        refused=True,
    ),
    "license_name": Specified(Text(), "the license's name, with `license: other`"),
    "license_link": Specified(Text(), "the license's file in the repository, or its address"),
    "license_details": Specified(Text(), "free text about the license (older cards)"),
    "library_name": Specified(
        OneOf(vocabulary.libraries, strict=False, judged=False), "the library that loads the model"
    ),
    "pipeline_tag": Specified(
        OneOf(vocabulary.pipeline_tags, strict=False, judged=False), "the task of the model"
    ),
    "tags": Specified(Many(Text()), "free words"),
    "datasets": Specified(
        one_or_many(Text(DATASET_ID, "the id of a dataset on the Hub")),
        "datasets that the model was trained on",
        refused=True,
        rule="metadata/datasets-invalid",
    ),
    "buckets": Specified(Many(Text()), "storage buckets, as org/bucket"),
    "metrics": Specified(one_or_many(Text()), "ids of metrics", empty=True),
    "base_model": Specified(
        one_or_many(Text(meaning="the id of a model on the Hub")),
        "the models that this one was made from",
        refused=True,
        rule="metadata/base-model-invalid",
    ),
    "base_model_relation": Specified(
        OneOf(lambda: vocabulary.RELATIONS),
        "how it was made from them",
        rule="metadata/base-model-relation-invalid",
    ),
    "new_version": Specified(
        Text(meaning="the id of a model on the Hub"),
        "the model that replaces this one",
        rule="metadata/new-version-invalid",
    ),
    "model-index": Specified(
        MODEL_INDEX,
        "evaluation results",
        refused=True,
        rule="metadata/model-index-invalid",
        empty=True,
    ),
    "co2_eq_emissions": Specified(
        CO2, "grams of CO2 equivalent, and how they were found", rule="metadata/co2-invalid"
    ),
    "widget": Specified(
        WIDGET, "examples for the widget", refused=True, rule="metadata/widget-invalid"
    ),
    "inference": Specified(
        AnyOf((Boolean(), Record({"parameters": Table(Anything())}))),
        "whether the widget runs, or its parameters",
    ),
    "instance_prompt": Specified(Text(), "what calls up the subject of a LoRA", empty=True),
    "thumbnail": Specified(Text(), "the address of a picture", empty=True),
    "extra_gated_prompt": Specified(Text(), "what a person agrees to before access"),
    "extra_gated_heading": Specified(Text(), "heading of the access form"),
    "extra_gated_description": Specified(Text(), "text of the access form"),
    "extra_gated_button_content": Specified(Text(), "button of the access form"),
    "extra_gated_fields": Specified(
        GATED_FIELDS,
        "questions of the access form: name → type",
        refused=True,
        rule="metadata/gated-fields-invalid",
    ),
    "extra_gated_eu_disallowed": Specified(Boolean(), "no access from the European Union"),
    "model_name": Specified(Text(), "the model's name, written into model-index by Python tools"),
    "eval_results": Specified(Anything(), "of Python tools, which write model-index instead"),
}

CUSTOM = frozenset(
    (
        # fields of dataset and Space cards, which stay where a template was copied
        "pretty_name", "task_categories", "task_ids", "size_categories", "annotations_creators",
        "language_creators", "source_datasets", "language_details", "multilinguality", "title",
        "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "app_file", "pinned",
        "duplicated_from", "space", "spaces", "configs", "dataset_info",
        # fields that well-known tools write for their own use
        "quantized_by", "model_creator", "model_type", "prompt_template", "model_link",
        "library_version", "lm_studio", "mask_token", "arxiv",
    )
)  # fmt: skip
"""Fields that the specification does not know and that mean something to somebody."""
