"""The same face with one attribute more, which no photograph shows: what an edit should change."""
import numpy as np

from dataset.toyfaces.people import ATTRIBUTES, HAIR_COLOURS, PALE

_OF_HAIR = *HAIR_COLOURS, "Straight_Hair", "Wavy_Hair", "Bangs", "Wearing_Hat"       # not for the bald
_INSTEAD_OF = {                                                # what an attribute takes away
    "Bald": _OF_HAIR, "Bangs": ("Wearing_Hat",), "Wearing_Hat": ("Bangs",),
    "Straight_Hair": ("Wavy_Hair",), "Wavy_Hair": ("Straight_Hair",),
    "Goatee": ("No_Beard",), "No_Beard": ("Goatee",),
    **{colour: tuple(other for other in HAIR_COLOURS if other != colour) for colour in HAIR_COLOURS}}


def can_get(name, has):
    """Which faces (n,) lack an attribute and could have it. has (n, len(ATTRIBUTES)) bool."""
    column = dict(zip(ATTRIBUTES, has.T))
    return ~column[name] & ~(column["Bald"] & (name in _OF_HAIR))


def with_attribute(name, has, tone, hair):
    """What draw_attributes gave, changed so that all faces have the attribute; all else stays."""
    no, yes = np.zeros_like(has[name]), np.ones_like(has[name])
    has = has | dict.fromkeys(_INSTEAD_OF.get(name, ()), no) | {name: yes}
    if name in HAIR_COLOURS:
        hair = np.full_like(hair, HAIR_COLOURS.index(name))
    if name == "Pale_Skin":
        tone = np.where(tone < PALE, tone, tone * PALE)
    return has, tone, hair
