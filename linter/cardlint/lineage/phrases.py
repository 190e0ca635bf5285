"""How people write that a model comes from another one: the phrases that :mod:`prose` looks for.

Every pattern has a group ``ids``: the signs (:data:`~cardlint.lineage.mentions.MENTION`) of the
parents. Gaps are bounded in length, so each search is linear in the sentence. A relation of ``""``
means: the phrase ("based on") says nothing by itself; a verb of derivation elsewhere in the sentence
has to say which one it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from cardlint.lineage.mentions import MENTION as M


@dataclass(frozen=True)
class Phrase:
    """One way to say it."""

    relation: str
    """``merge``, ``finetune``, ``quantized``, ``adapter`` or ``distillation``; ``""``: see above."""
    text: str
    linked: bool = False
    """Counts only for an id that is an address on the Hub ("fine-tuned on …" is said of data, too)."""
    needs: tuple[str, ...] = ()
    """One of these (lower case) is in every text that can match: a cheap look before a dear one."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled on first use: a card without ids never needs it."""
        return re.compile(self.text, re.IGNORECASE)


def _expression(text: str) -> Phrase:
    return Phrase("", text)


def _table(*rows: tuple[str, str]) -> tuple[Phrase, ...]:
    return tuple(Phrase(relation, text) for relation, text in rows)


def _gated(*rows: tuple[str, str, str] | tuple[str, str, str, bool]) -> tuple[Phrase, ...]:
    return tuple(
        Phrase(row[1], row[2], linked=len(row) > 3, needs=tuple(row[0].split("|"))) for row in rows
    )


# What an id must not be an example, a tokenizer, a data set or a measure of.
_STOP = (
    r"data ?sets?|corpus|corpora|tokeni[sz]ers?|vocabular\w+|model ?cards?|licen[sc]es?|than|compar\w+|"
    r"outperform\w*|unlike|instead|scripts?|notebooks?|repositor\w+|librar\w+|papers?|available|such as|"
    r"synthetic\w*|generated|prompts?|config\w*|cards?|at|subset"
)
_GAP = rf"(?:(?!\b(?:{_STOP})\b)(?:\.(?!\s)|[^{M}.;:!?])){{0,60}}?"
_AFTER = (
    r"(?!\W{0,3}(?:s )?(?:tokeni[sz]er|data ?set|corpus|data\b|model ?card|licen[sc]e|paper|repo|library|code\b|script|"
    r"prompt|(?:merge )?method|framework|trainer|space|demo|benchmark|的?(?:数据|語料|语料|分词)))"
)
_SHORT = rf"(?:(?!\b(?:on|for|using|trained|tested|evaluated|compared|by|which|that|{_STOP})\b)[\w'’.-]+\s+){{0,4}}"


def _ids(joints: str, *, least: int = 0) -> str:
    joint = rf"(?:\s*(?:,|、|，|&|\+|{joints})\s*){{1,3}}{_SHORT}{M}{_AFTER}"
    return rf"(?P<ids>{M}{_AFTER}(?:{joint}){{{least},20}})"


_IDS = _ids(r"\band\b|\bor\b|\be\b|\by\b|和|与|及|以及")
_MIX = r"\band\b|\bwith\b|\bplus\b|\binto\b|\bcom\b|\bcon\b|\be\b|\by\b|/|x|和|与|及|以及"
_MERGED = _ids(_MIX)
_MIXED = _ids(_MIX, least=1)

_TUN = (
    r"(?:(?:instruction|instruct|preference|chat|dpo|sft|q?lora|domain|task)[-‑ ]?)?"
    r"(?:fine[-‑– ]?tun|post[-‑ ]?train|\btun)"
)
_FT = rf"{_TUN}(?:ed|ing|es?)\b"
_QUANT = r"\b(?:quanti[sz](?:ed|ations?|ing)|quants?|GGUFs?|GGML|GPTQ|AWQ|EXL[23]|MLX|ONNX|Core ?ML|CTranslate2|OpenVINO|imatrix)\b"
_WORDS = r"(?:[\w()&,‑/-]+\s+)"
_DET = (
    r"(?:(?:the|a|an|our|this|original|pre-?trained|base|official|open|popular|excellent)\s+){0,4}"
)

_ENGLISH = (
    # a merge of A and B; merged using A as a base; by merging A with B
    ("merg", "merge", rf"\bmerg(?:e|ed|es|ing)\b(?:\s+[\w()/-]+){{0,6}}?\s+(?:of|from|between|using|with|combining)\b\s*{_GAP}{_MERGED}"),
    ("merg", "merge", rf"\b(?:merges|merging|merged)\s+{_SHORT}{_MIXED}"),
    ("mix|blend|soup|slerp|fusion|combination|merge|interpolation", "merge", rf"\b(?:mix(?:ture)?|blend|soup|slerp|fusion|combination|frankenmerge|interpolation)\b(?:\s+[\w()-]+){{0,3}}?\s+(?:of|between)\b\s*{_GAP}{_MIXED}"),
    # distilled from A; distilling knowledge from A; with A as the teacher
    ("distil", "distillation", rf"\bdistil(?!BERT|roBERT|GPT|bart)\w*\b(?:\s+[\w()-]+){{0,5}}?\s+(?:of|from)\b\s*{_GAP}{_IDS}"),
    ("teacher", "distillation", rf"\b(?:with|using|from|by)\s+{_DET}{_SHORT}{_IDS}[^.;{M}]{{0,40}}?\bas (?:the |a |our |its )?teacher"),
    # quantized version of A; GGUF files for A; converted to GGUF from A; obtained by quantizing A
    ("quant|gguf|ggml|gptq|awq|exl|mlx|onnx|core|openvino|ctranslate|imatrix", "quantized", rf"{_QUANT}\)?[\s-]+{_WORDS}{{0,6}}?(?:of|for|from)\b\s*{_GAP}{_IDS}"),
    ("conver|ported|export", "quantized", rf"\b(?:convert(?:ed)?|conversion|ported|exported)\b[^.;{M}]{{0,60}}?\b(?:from|of)\b\s*{_GAP}{_IDS}"),
    ("quanti|convert", "quantized", rf"\b(?:by|after|through|via)\s+(?:quanti[sz]ing|converting)\b\s*{_GAP}{_IDS}"),
    # LoRA weights for A; controlnet weights trained on A
    ("lora|adapter|dreambooth|peft|controlnet", "adapter", rf"\b(?:LoRA|adapters?|DreamBooth|PEFT|controlnet)\b\s+{_WORDS}{{0,3}}?(?:for|of|(?:trained|built) on(?: top of)?)\b\s*{_GAP}{_IDS}"),
    # a fine-tuned version of A; fine-tuned from A; fine-tunes of A
    ("tun|train", "finetune", rf"{_FT}[\s,]+{_WORDS}{{0,4}}?(?:of|from|on top of|based (?:up)?on|starting from|over)\b\s*{_GAP}{_IDS}"),
    ("version|variant|replica", "finetune", rf"\b(?:enhanced|extended|modified|abliterated|uncensored|pruned|instructed|instruct|adapted|LLaMAfied)\s+(?:version|variant|replica)s?\s+of\b\s*{_GAP}{_IDS}"),
    # fine-tuned A on …; by fine-tuning A; finetunes A
    ("tun|train", "finetune", rf"(?:^\W*|\n\W*|\b(?:an?|the|we|I|have|just)\s+)(?:further\s+|then\s+)?{_TUN}ed\s+{_DET}{_IDS}"),
    ("tun|train", "finetune", rf"\b(?:by|via|through|of|from)\s+(?:further\s+)?{_TUN}ing\b['\"\s]+{_DET}{_IDS}"),
    ("tun|train", "finetune", rf"{_FT}\s+on\s+{_DET}{_SHORT}{_IDS}", True),
    ("tun|train", "finetune", rf"{_FT}\s+using\s+(?:the |a )?pre-?trained\s+{_IDS}"),
    ("tun|train", "finetune", rf"\b{_TUN}es\s+{_DET}{_IDS}"),
    # this is A fine-tuned for …; takes A and fine-tunes it; uses the pretrained A and fine-tuned it
    ("tun|train|orthogonal", "finetune", rf"\b(?:is|are|takes?|took|use[sd]?)\s+(?:(?:just|simply|basically|now)\s+)?{_DET}(?P<ids>{M}){_AFTER}(?:(?!\bnot\b|n['’]t\b|\bnever\b)[^.;:!?{M}]){{0,60}}?(?:{_FT}|\btrained\b|\borthogonali[sz]ed\b)"),
    # trained from A; initialized with A; resumed from A; continued pretraining of A; derived from A
    ("train", "finetune", rf"\b(?:re-?)?(?:pre-?)?train(?:ed|ing)\s+{_WORDS}{{0,3}}?(?:from|on top of|starting from|based on|upon)\b\s*{_GAP}{_IDS}"),
    ("initiali|warm|resum|bootstrap", "finetune", rf"\b(?:initiali[sz]ed|warm[- ]?started|resumed|resuming|bootstrapped)\s+{_WORDS}{{0,4}}?(?:from|with|using|by)\b\s*{_GAP}{_IDS}"),
    ("train", "finetune", rf"\b(?:continu\w+|further|additional(?:ly)?)\s+(?:to\s+)?(?:\w+[- ])?(?:pre-?)?train\w*\s+{_WORDS}{{0,3}}?(?:of|from|with|on top of)\b\s*{_GAP}{_IDS}"),
    ("start|deriv", "", rf"\b(?:starting|derived|start)\s+from\b\s*{_GAP}{_IDS}"),
    # using A as the starting point; with A as the base model
    (" as ", "", rf"\b(?:using|with|used|uses|use|on)\s+{_GAP}{_IDS}[^.;{M}]{{0,40}}?\bas (?:the |a |an |our |its )?(?:base|starting point|backbone|initiali[sz]ation|init\b|foundation|parent)(?!\w* model yields)"),
    ("trained using", "finetune", rf"\btrained\s+using\s+{_DET}{_SHORT}{_IDS}\s+as\b"),
    # this model is based on A and further trained on …
    ("based|built|builds", "", rf"\b(?:(?:is|are|was|were|model|version)\b|(?:it|this|that)['’]s\b|^\W*)[^.;{M}]{{0,80}}?\b(?:based|built|builds)\s+(?:up)?on(?: top of)?\b\s*{_GAP}{_IDS}"),
    ("based on", "finetune", rf"^\W*based on\s+{_DET}{_SHORT}{_IDS}\W*$"),
    ("base model", "finetune", rf"\b(?:the|our|its) base model (?:is|was)\b\s*{_GAP}{_IDS}"),
)  # fmt: skip

_MADE = r"(?:ajustad|afinad|refinad|treinad|entrenad|inicializad|derivad|adaptad)[oa]s?"
_ROMANCE = (
    ("fus|mescl|mezcl|combina|merge d|merge entre", "merge", rf"\b(?:fus[ãi]?[oó]n?|fusão|mescla(?:gem)?|mezcla|merge|combina(?:ção|ción))\b(?:\s+[\w()/-]+){{0,4}}?\s+(?:d[eoa]s?|del|entre)\b\s*{_GAP}{_MERGED}"),
    ("mescl|fundindo|fusion|mezcl|combinando", "merge", rf"\b(?:mesclando|fundindo|fusionando|mezclando|combinando|mescla|fusiona)\s+{_SHORT}{_MIXED}"),
    ("destil", "distillation", rf"\bdestil(?:ad[oa]s?|a[çc]ão|aci[oó]n)\b(?:\s+[\w()-]+){{0,4}}?\s+(?:de|do|da|del|a partir d[eoa]l?)\b\s*{_GAP}{_IDS}"),
    ("quantiza|cuanti|conversão|conversión|convertid", "quantized", rf"\b(?:quanti[zs]ad[oa]s?|cuanti[zf]\w+|quantiza(?:ção|ções)|cuantizaci[oó]n|conver(?:tid[oa]s?|são|sión))\b(?:\s+[\w()-]+){{0,4}}?\s+(?:de|do|da|del|desde|a partir d[eoa]l?)\b\s*{_GAP}{_IDS}"),
    ("ajuste|afina|refina|tuning d|tune d|tuning s|tuning a p", "finetune", rf"\b(?:ajuste fino|fine[- ]?tun\w*|afinamento|afinaci[oó]n|refinamento)\b(?:\s+[\w()-]+){{0,4}}?\s+(?:de|do|da|del|sobre|a partir d[eoa]l?)\b\s*{_GAP}{_IDS}"),
    ("versão|versión", "finetune", rf"\bvers(?:ão|ión)\s+(?:[\w-]+\s+){{0,2}}?{_MADE}\s+(?:finamente\s+)?(?:de|do|da|del|sobre|a partir d[eoa]l?)\b\s*{_GAP}{_IDS}"),
    ("ajustad|afinad|refinad|treinad|entrenad|inicializad|derivad|adaptad", "finetune", rf"\b{_MADE}\b(?:\s+[\w()-]+){{0,4}}?\s+(?:a partir d[eoa]l?|desde|sobre)\b\s*{_GAP}{_IDS}"),
    ("continua", "finetune", rf"\bcontinu(?:ação|ación|ando|ad[oa]|o)\b(?:\s+[\w()-]+){{0,4}}?\s+(?:pr[eé]-?)?(?:trein\w+|entrena\w+)\s+(?:de|do|da|del|a partir d[eoa]l?)\b\s*{_GAP}{_IDS}"),
    ("basead|basad|constru", "", rf"\b(?:basead[oa]|basad[oa]|constru[ií]d[oa])\s+(?:em|no|na|en|sobre)\b\s*{_GAP}{_IDS}"),
)  # fmt: skip

_FROM = r"(?:基于|在|由|从|對|对|将|將|把|使用|以|用|采用|採用)"
_ZH_VERB = r"(?P<v>微调|微調|精调|全参数调优|合并|合併|融合|蒸馏|蒸餾|量化|继续预训练|增量预训练|继续训练|續訓|续训|二次预训练|后训练|转换|轉換|指令调优|训练得到|训练而成)"
_ZH_GAP = rf"[^{M}。；！？，]{{0,20}}?"
_CHINESE = (
    ("微|精调|调优|合|融|蒸|量化|训|訓|转换|轉換", "zh", rf"{_FROM}{_ZH_GAP}{_IDS}[^{M}。；！？]{{0,25}}?{_ZH_VERB}(?![^。；！？]{{0,40}}相比)"),
    ("微|精调|调优|合|融|蒸|量化|训|訓|转换|轉換", "zh", rf"(?P<ids>{M})\s*模?型?\s*的?\s*(?:GGUF|GPTQ|AWQ|[48]-?bit|int[48])?\s*{_ZH_VERB}(?:后的?)?(?:模型|版本?)"),
    ("微|精调|调优|合|融|蒸|量化|训|訓|转换|轉換", "zh", rf"{_ZH_VERB}(?:自|于)\s*{_ZH_GAP}{_IDS}"),
    ("初始化|基座|底座|基础模型|基底", "finetune", rf"{_FROM}{_ZH_GAP}(?P<ids>{M})\s*作?为?\s*(?:初始化|基座|底座|基础模型|基底)"),
    ("教师", "distillation", rf"(?P<ids>{M})\s*作?为?\s*教师"),
)  # fmt: skip

PATTERNS = _gated(*_ENGLISH, *_ROMANCE, *_CHINESE)
"""Relation and phrase, most telling relations first: the first to claim an id names it."""

VERBS = _table(
    ("merge", r"\bmerg|合并|合併|融合|\bmescl|\bfusã|\bfusió|\bsoup\b"),
    ("distillation", r"\bdistil(?!bert|roberta)|\bdestil|蒸馏|蒸餾"),
    ("quantized", r"quanti[sz](?!ation of)|\bGGUF\b|\bGPTQ\b|\bAWQ\b|\bconverted\b|\bcuanti|量化|转换|轉換"),
    ("finetune", rf"{_FT}|\bfine[-‑ ]?tun|\b(?:pre-?)?trained\b|\btraining\b|\btrains\b|instruction|\binstructed\b|\bajust|\bafinad|\btreinad|\bentrenad|微调|微調|精调|训|調優|调优"),
)  # fmt: skip
"""Which relation a verb anywhere in the sentence stands for."""

WORTH = _expression(
    r"merg|tun(?:ed|ing|e\b|es)|distil|destil|quanti|cuanti|quants|gguf|gptq|awq|ggml|exl2|mlx|onnx|core ?ml|openvino|ctranslate|convert|"
    r"conver[ts]|train|trein|entren|continu|initiali|inicial|resum|deriv|adapt|lora|adapter|dreambooth|base|original|version|"
    r"variant|replica|parent|teacher|mixture|blend|soup|fus|mescl|mezcl|ajust|afin|refin|start|built|build|"
    r"微调|微調|精调|合并|合併|融合|蒸|量化|训|訓|转换|轉換|模型|基",
)
"""Without one of these a text says nothing of derivation: a cheap look before the dear one."""

REFUSED = _expression(
    r"\b(?:fine-?tuning|training|merging|distillation|quantization) (?:can|could|may|should)\b"
    r"|\b(?:can(?:not|'t)?|could|may|might|should|would|will|please|want to|need to|how to|if you|feel free|possible to|ability to|before|when(?:ever)?)\s+"
    r"(?:\w+\s+){0,3}?(?:fine[- ]?tun|quanti[sz]|merg|distil|convert|train|post-?train|adapt)\w*"
    r"|\b(?:compar\w+|outperform\w*|better than|worse than|unlike|versus|vs\.?|instead of|rather than|similar to|inspired by|"
    r"different from|evaluat\w+ (?:against|on)|same \w+ as)\b"
    r"|\b(?:not|never|no)\s+(?:\w+\s+){0,2}?(?:fine[- ]?tun|quanti[sz]|merg|distil|convert|train|deriv|based)\w*"
    r"|\b(?:data ?sets?|data|samples?|responses?|traces|conversations?|completions?|answers|prompts?|outputs?)\s+(?:\w+\s+){0,2}?(?:distill?ed|generated|derived|converted|created|produced|built)\b"
    r"|\b(?:tokeni[sz]er|model ?card|card|code|scripts?|licen[sc]e|section|readme|documentation|vae|score|recipe|architecture|implementation)\b"
    r"(?:\s+[\w:]+){0,6}?\s+(?:based|adapted|derived|converted|built|builds|taken|copied|borrowed|initiali[sz]ed)\b"
    r"|\b(?:other|another|previous|earlier|next|future|planned|upcoming|related)\s+(?:\w+\s+){0,2}?(?:models?|versions?|checkpoints?)\b"
    r"|\b(?:não|nunca|jamás|no)\s+(?:\w+\s+){0,2}?(?:ajust|trein|entren|mescl|fusion|destil|quanti|cuanti)\w*"
    r"|\bavailable\b[^.;]{0,25}$|\bresults (?:of|for|from|with)\b[^.;]{0,60}$"
    r"|(?:相比|对比|優於|优于|不同于|可以|可用于)",
)
"""Before the ids: comparison, negation, advice, or a thing that is not this model."""

_OPTIONAL = r"(?:\s*[\[(]?(?:optional|s)[\])]?|\s*模型)*"
LABEL = _expression(
    r"(?m:^)\W*(?:"
    r"(?P<finetune>fine-?tuned from(?: models?)?|base(?:d)?(?: pre-?trained)? (?:models?|llm|checkpoint)|based on|parent models?|pre-?trained model used|"
    r"modelo base|modelo padre|基座模型|基础模型|基模型|底座模型|底模)"
    r"|(?P<quantized>original models?|quantized from|converted from|source model|modelo original|原始?模型)"
    r"|(?P<distillation>teacher models?|distilled from)"
    r"|(?P<merge>(?:model )?merged?(?: from| of)?|merged models|models merged)"
    rf"){_OPTIONAL}\W{{0,4}}[:：]\W*?(?:{_SHORT}|[^{M}.;:]{{0,40}}?){_IDS}",
)
"""``Finetuned from model: A`` and its kin; the named group is the relation."""

TITLE = _table(
    ("merge", r"^(?:merged models|models? merged|merge (?:components|ingredients|details: models)|source models)\b|マージ元モデル"),
)  # fmt: skip
"""A heading whose list items are parents."""

INTRODUCTION = _table(
    ("merge", r"\b(?:merge of|merged? (?:using|from|with|together)|merging|in (?:the|this) merge|were merged|models merged)\b(?!.*\b(?:available|download)\b)"),
    ("merge", r"\b(?:fusão|fusión|mescla|mezcla) (?:de|dos|das|entre|del)\b|(?:合并|融合)(?:了|自|以下)"),
)  # fmt: skip
"""A sentence that ends in a colon and whose list items are parents."""

OTHER_SECTION = _expression(
    r"\b(?:related|other|similar|comparisons?|usage|how to|quick ?start|citations?|benchmarks?|leaderboard|see also|"
    r"repositories available|available repositories|getting started|outros|otros|comparação|comparación|uso)\b|其他|相关|对比|引用|使用"
)
"""Headings (lower case) below which models are named that are no parents."""

QUOTED_SECTION = _expression(
    r"\boriginal (?:model ?card|readme|card)\b|model ?card (?:for|of) the original|原模型卡"
)
"""Headings (lower case) below which the card of the original model is quoted."""
