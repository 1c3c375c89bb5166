"""The page's colours, shared by charts and cards.

Belongs here: colours. Does not belong here: anything that takes time to import.

Okabe and Ito's colours, told apart with any colour vision (the green darkened until it reads as text on
white); nothing on the page is told by colour alone.
"""

CRIMES = {"TIP": "#0072B2", "SOM": "#D55E00", "JOBSCAM": "#007a5e"}
#: Five steps of each, from least to most: lightness alone orders them, so that they are told apart without colour.
SHADES = {
    "TIP": ("#d3e6f3", "#98c5e2", "#5a9fcd", "#1f77b2", "#084d7d"),
    "SOM": ("#fbe0cd", "#f4b78d", "#e88a4c", "#c95a0c", "#853700"),
    "JOBSCAM": ("#cfe9e1", "#8fcdbc", "#4faa94", "#15806a", "#00523f"),
    "": ("#e8dce5", "#cbb0c4", "#ab82a1", "#8a4f7d", "#5b2f52"),
}
OTHER = "#8a4f7d"
INK = "#1b2733"
QUIET = "#5b6875"
GRID = "#e3e8ed"
UNKNOWN = "#9aa5b1"


def colour(code: str) -> str:
    """The colour of a crime type."""
    return CRIMES.get(code, OTHER)
