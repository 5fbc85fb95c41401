"""Mails that ask people for a decision: sent by Communication Services from a domain of Azure's own, by the app's
identity. https://learn.microsoft.com/azure/communication-services/concepts/email/email-overview"""

from __future__ import annotations

from skyloom.deployers.azure.resources.arm import Address, Expression, Resources, value
from skyloom.deployers.azure.resources.identities import MAIN_APP, grant
from skyloom.deployers.azure.resources.layout import Layout
from skyloom.deployers.azure.resources.words import MAIL_OWNER
from skyloom.deployers.declared import merged

_PLACES = {
    "asia": "Asia Pacific",
    "australia": "Australia",
    "austria": "Europe",
    "brazil": "Brazil",
    "canada": "Canada",
    "france": "France",
    "germany": "Germany",
    "india": "India",
    "indonesia": "Asia Pacific",
    "japan": "Japan",
    "korea": "Korea",
    "malaysia": "Asia Pacific",
    "mexico": "United States",
    "newzealand": "Australia",
    "norway": "Norway",
    "southafrica": "Africa",
    "switzerland": "Switzerland",
    "taiwan": "Asia Pacific",
    "uae": "UAE",
    "uk": "UK",
    "us": "United States",
}
"""Where mails are kept, by what the region's name holds; the first that fits counts.
https://learn.microsoft.com/azure/communication-services/concepts/privacy#data-residency"""
_ELSEWHERE = "Europe"


def mail(layout: Layout) -> Resources:
    """The sender, where somebody is asked by mail."""
    if not layout.mails:
        return {}
    domain, place = layout.mail_domain, value(_place())
    service = Address("Microsoft.Communication/emailServices", domain.names[:1])
    sender = {"domainManagement": "AzureManaged", "userEngagementTracking": "Disabled"}
    properties = {"dataLocation": place, "linkedDomains": [value(domain.id)], "disableLocalAuth": True}
    return merged(
        layout.made(service, "mail", {"dataLocation": place}),
        layout.made(domain, "mail domain", sender),
        layout.made(layout.communication, "mail", properties),
        grant(layout, MAIN_APP, MAIL_OWNER, layout.communication, "sends mails that ask for decisions"),
    )


def _place() -> Expression:
    found = f"'{_ELSEWHERE}'"
    for part, place in reversed(_PLACES.items()):
        found = f"if(contains(parameters('location'), '{part}'), '{place}', {found})"
    return Expression(found)
