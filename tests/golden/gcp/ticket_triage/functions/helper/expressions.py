"""Expressions of the app's flows, evaluated in the place of their workflows."""

from skyloom.flows.expr.types import FloatType, ListType, ModelType, StrType
from skyloom.flows.ir.program import ModelDefinition, ModelField


def answer_111_best(drafts):
    # ticket_triage.py:111: a function stands only as the key of sorted, min and max
    return max(drafts, key=lambda draft: draft["confidence"])


TYPES = {
    'answer_111_best': {
        'drafts': ListType(item=ModelType(name='Draft', kind='model'), kind='list'),
    },
}
MODELS = {
    'answer_111_best': {
        'Draft': ModelDefinition(name='Draft', flavour='pydantic', module='ticket_triage', qualname='Draft', fields=(ModelField(name='article', attribute='article', type=StrType(kind='str'), required=True, default=None), ModelField(name='text', attribute='text', type=StrType(kind='str'), required=True, default=None), ModelField(name='confidence', attribute='confidence', type=FloatType(kind='float'), required=True, default=None)), description=''),
    },
}

CROSSINGS = {
    'answer_111_best': {'': 'the value of best'},
}
