"""Expressions of the app's flows, evaluated in the place of their workflows."""

from skyloom.flows.expr.types import FloatType, IntType, ListType, ModelType, StrType
from skyloom.flows.ir.program import ModelDefinition, ModelField


def place_order_105_total(order):
    # order_saga.py:105: a loop in Workflows costs a step for every round, a call of the helper function one step
    return sum(line["price"] * line["quantity"] for line in order["lines"])


def place_order_125_reservation_items(reservations):
    # order_saga.py:125: reversed: a loop in Workflows costs a step for every round, a call of the helper function one step
    return list(reversed(reservations))


TYPES = {
    'place_order_105_total': {
        'order': ModelType(name='Order', kind='model'),
    },
}
MODELS = {
    'place_order_105_total': {
        'Line': ModelDefinition(name='Line', flavour='pydantic', module='order_saga', qualname='Line', fields=(ModelField(name='sku', attribute='sku', type=StrType(kind='str'), required=True, default=None), ModelField(name='quantity', attribute='quantity', type=IntType(kind='int'), required=True, default=None), ModelField(name='price', attribute='price', type=FloatType(kind='float'), required=True, default=None)), description=''),
        'Order': ModelDefinition(name='Order', flavour='pydantic', module='order_saga', qualname='Order', fields=(ModelField(name='id', attribute='id', type=StrType(kind='str'), required=True, default=None), ModelField(name='customer', attribute='customer', type=StrType(kind='str'), required=True, default=None), ModelField(name='card', attribute='card', type=StrType(kind='str'), required=True, default=None), ModelField(name='lines', attribute='lines', type=ListType(item=ModelType(name='Line', kind='model'), kind='list'), required=True, default=None)), description=''),
    },
}

CROSSINGS = {
    'place_order_105_total': {'': 'the value of total'},
}
