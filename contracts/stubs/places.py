"""Where the people of Northmoor live and can be rung: invented streets, postcodes no post office uses, numbers kept for drama."""

import random
from dataclasses import dataclass

_STREETS = (
    "Alder", "Ashlar", "Beacon", "Beck", "Bobbin", "Bracken", "Bridge", "Canal", "Carder", "Chapel", "Cinder", "Clough",
    "Collier", "Cropper", "Cutler", "Dale", "Dyehouse", "Fallow", "Fell", "Fleece", "Foundry", "Garth", "Gillroyd", "Gorse",
    "Hawthorn", "Heather", "Holly", "Ings", "Jackdaw", "Kestrel", "Kiln", "Lapwing", "Larch", "Ling", "Linnet", "Loom",
    "Market", "Mere", "Mill", "Minster", "Moorgate", "Nab", "Orchard", "Pinfold", "Plover", "Quarry", "Reservoir", "Rowan",
    "Rushbed", "Scar", "Shuttle", "Sorrel", "Spindle", "Station", "Sycamore", "Tannery", "Tarn", "Tenter", "Thorn", "Toll",
    "Union", "Viaduct", "Warp", "Weaver", "Weft", "Whin", "Winding", "Wool", "Yarrow",
)  # fmt: skip
_KINDS = ("Street", "Road", "Row", "Lane", "Close", "Avenue", "Terrace")
_UNIT_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"  # a unit never uses C I K M O V
_LANDLINES = ("0113 496 0", "0114 496 0", "0151 496 0", "0161 496 0", "0191 498 0", "01632 960", "0121 496 0", "0115 496 0")


@dataclass(frozen=True, slots=True)
class Address:
    """One postal address: lines without the postcode, and the postcode (area ZZ, which no post office uses)."""

    lines: tuple[str, ...]
    postcode: str

    @property
    def first_line(self) -> str:
        """House (or flat) and street."""
        return self.lines[0]


class Gazetteer:
    """Hands out the town's addresses and telephone numbers, each address once."""

    def __init__(self, rng: random.Random) -> None:
        streets = [f"{name} {kind}" for name in _STREETS for kind in rng.sample(_KINDS, 2)]
        self._rng = rng
        self._free = [_place(street, index, number) for index, street in enumerate(streets) for number in range(1, 61)]
        rng.shuffle(self._free)
        self._phones = [f"{area}{rest:03d}" for area in _LANDLINES for rest in range(1000)]
        self._phones += [f"07700 900{rest:03d}" for rest in range(700)]  # 700 and up are kept for the demonstration

    def home(self) -> Address:
        """An address nobody has been given yet; one in eight is a flat of a shared house."""
        place = self._free.pop()
        if self._rng.random() > 0.125:
            return place
        return Address((f"Flat {self._rng.randint(1, 4)}, {place.lines[0]}", *place.lines[1:]), place.postcode)

    def phone(self) -> str:
        """A number from the ranges kept for drama; the town is larger than the mobile range, so many are landlines."""
        return self._phones[self._rng.randrange(len(self._phones))]


def _place(street: str, index: int, number: int) -> Address:
    """Twenty house numbers of a street share a postcode, as real ones do."""
    block = index * 3 + (number - 1) // 20
    unit = f"{block % 9 + 1}{_UNIT_LETTERS[block // 9 % 20]}{_UNIT_LETTERS[block // 180 % 20]}"
    return Address((f"{number} {street}", "Northmoor"), f"ZZ{1 + index % 8} {unit}")


def postcode_of(place: Address) -> str:
    """The postcode without its space, upper case, as systems compare it."""
    return place.postcode.replace(" ", "").upper()
