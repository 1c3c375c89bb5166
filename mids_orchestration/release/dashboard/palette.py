"""The page's colours, shared by charts and cards.

Belongs here: colours. Does not belong here: anything that takes time to import.

Okabe and Ito's colours, told apart with any colour vision (the green darkened until it reads as text on
white); nothing on the page is told by colour alone.
"""

CRIMES = {"TIP": "#0072B2", "SOM": "#D55E00", "JOBSCAM": "#007a5e"}
OTHER = "#8a4f7d"
INK = "#1b2733"
QUIET = "#5b6875"
GRID = "#e3e8ed"
UNKNOWN = "#9aa5b1"


def colour(code: str) -> str:
    """The colour of a crime type."""
    return CRIMES.get(code, OTHER)
