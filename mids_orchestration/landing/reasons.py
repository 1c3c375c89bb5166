"""Every reason MIDS gives a sender: codes, what happened (English and Malay) and what to do.

Belongs here: the catalogue, and filling a message. Does not belong here: deciding that a reason applies.

Two families: a *refusal* is about a delivery (nothing of it lands), a *fault* is about one record (it goes to
quarantine, the rest lands).
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reason:
    """Texts of one reason code. ``{where}``, ``{what}``, ``{want}`` are filled in."""

    en: str
    ms: str
    remedy_en: str
    remedy_ms: str

    @property
    def remedy(self) -> str:
        """What to do, in both languages."""
        return f"{self.remedy_en} / {self.remedy_ms}"


FAULTS: dict[str, Reason] = {
    "REQUIRED_MISSING": Reason(
        "{where}: the value is missing.", "{where}: nilai tiada.",
        "Fill in the value and send the record again.", "Isi nilai itu dan hantar semula rekod.",
    ),
    "INVALID_INTEGER": Reason(
        "{where}: {what} is not a whole number.", "{where}: {what} bukan nombor bulat.",
        "Write digits only, without separators.", "Tulis angka sahaja, tanpa pemisah.",
    ),
    "INVALID_DECIMAL": Reason(
        "{where}: {what} is not a number.", "{where}: {what} bukan nombor.",
        "Write a number with a decimal point.", "Tulis nombor dengan titik perpuluhan.",
    ),
    "INVALID_DATE": Reason(
        "{where}: {what} is not a calendar day written as {want}.",
        "{where}: {what} bukan tarikh kalendar dalam bentuk {want}.",
        "Correct the date and send the record again.", "Betulkan tarikh dan hantar semula rekod.",
    ),
    "INVALID_TIMESTAMP": Reason(
        "{where}: {what} is not a date and time written as {want}.",
        "{where}: {what} bukan tarikh dan masa dalam bentuk {want}.",
        "Correct the date and time and send the record again.", "Betulkan tarikh dan masa dan hantar semula.",
    ),
    "INVALID_BOOLEAN": Reason(
        "{where}: {what} is not true or false.", "{where}: {what} bukan true atau false.",
        "Write true or false.", "Tulis true atau false.",
    ),
    "PATTERN_MISMATCH": Reason(
        "{where}: {what} does not have the agreed form {want}.",
        "{where}: {what} tidak mengikut bentuk dipersetujui {want}.",
        "Correct the value, or agree a new form with MAPO.", "Betulkan nilai, atau sepakati bentuk baharu.",
    ),
    "NOT_IN_VOCABULARY": Reason(
        "{where}: {what} is not in the agreed list ({want}).",
        "{where}: {what} tiada dalam senarai dipersetujui ({want}).",
        "Use a value of the list, or ask MAPO to add it.", "Guna nilai dalam senarai, atau minta ia ditambah.",
    ),
    "OUT_OF_RANGE": Reason(
        "{where}: {what} is outside {want}.", "{where}: {what} di luar julat {want}.",
        "Check the value and send the record again.", "Semak nilai dan hantar semula rekod.",
    ),
    "EMPTY_RECORD": Reason(
        "{where}: the record has no value at all.", "{where}: rekod ini kosong.",
        "Leave empty rows out.", "Buang baris kosong.",
    ),
    "DUPLICATE_RECORD": Reason(
        "{where}: repeats an earlier record of the same delivery, word for word.",
        "{where}: mengulangi rekod terdahulu dalam penghantaran yang sama.",
        "Nothing is lost; send each record once.", "Tiada kehilangan; hantar setiap rekod sekali.",
    ),
    "KEY_CONFLICT": Reason(
        "{where}: another record of the same delivery has the same key but says something else.",
        "{where}: rekod lain dalam penghantaran sama mempunyai kunci sama tetapi kandungan berbeza.",
        "Send the one that is right.", "Hantar yang betul sahaja.",
    ),
    "TOO_FEW_FIELDS": Reason(
        "{where}: the line has {what}; the header has {want}.", "{where}: baris ada {what}; pengepala ada {want}.",
        "Quote texts that hold the delimiter or a line break.", "Letakkan petikan pada teks yang ada pemisah.",
    ),
    "TOO_MANY_FIELDS": Reason(
        "{where}: the line has {what}; the header has {want}.", "{where}: baris ada {what}; pengepala ada {want}.",
        "Quote texts that hold the delimiter.", "Letakkan petikan pada teks yang mengandungi pemisah.",
    ),
    "BAD_QUOTING": Reason(
        "{where}: a quote is opened and not closed, or closed in the middle of a field.",
        "{where}: tanda petikan dibuka tetapi tidak ditutup, atau ditutup di tengah medan.",
        "Double the quotes inside a quoted text.", "Gandakan tanda petikan di dalam teks berpetikan.",
    ),
    "INVALID_ENCODING": Reason(
        "{where}: bytes that are not {want}.", "{where}: bait yang bukan {want}.",
        "Save the file in the agreed encoding.", "Simpan fail dalam pengekodan yang dipersetujui.",
    ),
    "NUL_BYTE": Reason(
        "{where}: the text holds a NUL character.", "{where}: teks mengandungi aksara NUL.",
        "Export the record again.", "Eksport semula rekod.",
    ),
    "CELL_TOO_LARGE": Reason(
        "{where}: {what}; at most {want} are allowed.", "{where}: {what}; maksimum {want}.",
        "Shorten the text.", "Pendekkan teks.",
    ),
    "MALFORMED_RECORD": Reason(
        "{where}: cannot be read: {what}.", "{where}: tidak dapat dibaca: {what}.",
        "Export the record again.", "Eksport semula rekod.",
    ),
}  # fmt: skip

REFUSALS: dict[str, Reason] = {
    "UNKNOWN_FEED": Reason(
        "No feed is known for this place and file name.", "Tiada suapan dikenali bagi tempat dan nama fail ini.",
        "Put the file in inbox/<agency>/<feed>/ or write a contract.",
        "Letak fail dalam inbox/<agensi>/<suapan>/ atau tulis kontrak.",
    ),
    "NOT_A_FILE": Reason(
        "It is not an ordinary file ({what}).", "Ia bukan fail biasa ({what}).",
        "Send the file itself, not a link to it.", "Hantar fail itu sendiri, bukan pautan.",
    ),
    "EMPTY_FILE": Reason(
        "The file is empty.", "Fail ini kosong.",
        "Send the header even when there is nothing to report.", "Hantar pengepala walaupun tiada laporan.",
    ),
    "TOO_LARGE": Reason(
        "It is larger than allowed: {what}.", "Ia melebihi saiz dibenarkan: {what}.",
        "Send it in parts.", "Hantar secara berperingkat.",
    ),
    "UNPACKS_TOO_LARGE": Reason(
        "It unpacks to more than allowed: {what}.", "Kandungannya melebihi had: {what}.",
        "Send it in parts, compressed in the usual way.", "Hantar secara berperingkat.",
    ),
    "UNSAFE_ARCHIVE": Reason(
        "The archive holds a name or entry that is not safe: {what}.", "Arkib mengandungi entri tidak selamat: {what}.",
        "Pack plain files, without folders above, links or passwords.",
        "Bungkus fail biasa tanpa pautan atau kata laluan.",
    ),
    "UNSAFE_DOCUMENT": Reason(
        "The document uses a construct that is not allowed: {what}.",
        "Dokumen menggunakan binaan yang tidak dibenarkan: {what}.",
        "Export it again without it.", "Eksport semula tanpanya.",
    ),
    "UNREADABLE": Reason(
        "It cannot be read as {want}: {what}.", "Ia tidak dapat dibaca sebagai {want}: {what}.",
        "Export it again and check that it opens.", "Eksport semula dan pastikan ia boleh dibuka.",
    ),
    "WEB_PAGE": Reason(
        "It is a web page (HTML), whatever its name says.", "Ia halaman web (HTML), walau apa pun namanya.",
        "Open it in Excel and save it as XLSX or CSV.", "Buka dalam Excel dan simpan sebagai XLSX atau CSV.",
    ),
    "WRONG_ENCODING": Reason(
        "It is not written in {want}.", "Ia tidak ditulis dalam {want}.",
        "Save it in the agreed encoding.", "Simpan dalam pengekodan yang dipersetujui.",
    ),
    "MISSING_SHEET": Reason(
        "There is no sheet called {want}; there are: {what}.", "Tiada helaian bernama {want}; yang ada: {what}.",
        "Name the sheet as agreed.", "Namakan helaian seperti dipersetujui.",
    ),
    "MISSING_RECORDS": Reason(
        "There is no list of records at {want}.", "Tiada senarai rekod di {want}.",
        "Send the records where the contract says.", "Hantar rekod di tempat yang dinyatakan kontrak.",
    ),
    "MISSING_HEADER": Reason(
        "There is no header in row {want}.", "Tiada pengepala di baris {want}.",
        "Send the header as agreed.", "Hantar pengepala seperti dipersetujui.",
    ),
    "HEADER_CHANGED": Reason(
        "The columns are not those of the contract: {what}.", "Lajur tidak sama dengan kontrak: {what}.",
        "Send the agreed columns, or agree a new layout with MAPO.",
        "Hantar lajur dipersetujui, atau sepakati susun atur baharu dengan MAPO.",
    ),
    "DUPLICATE_COLUMN": Reason(
        "A column stands in the header twice: {what}.", "Lajur berulang dalam pengepala: {what}.",
        "Send each column once.", "Hantar setiap lajur sekali.",
    ),
    "TOO_MANY_COLUMNS": Reason(
        "The header has {what}; at most {want} are allowed.", "Pengepala ada {what}; maksimum {want}.",
        "Check the delimiter and the header.", "Semak pemisah dan pengepala.",
    ),
    "RETYPED_COLUMN": Reason(
        "A column no longer holds what was agreed: {what}.", "Lajur tidak lagi mengandungi jenis dipersetujui: {what}.",
        "Send the agreed form, or agree a new layout with MAPO.",
        "Hantar bentuk dipersetujui, atau sepakati susun atur baharu dengan MAPO.",
    ),
    "RECORD_COUNT": Reason(
        "It has {what} records; the contract allows {want}.", "Ia ada {what} rekod; kontrak membenarkan {want}.",
        "Check the export.", "Semak eksport.",
    ),
}  # fmt: skip


class DeliveryRefused(Exception):
    """A delivery that cannot be received. ``code`` is a key of ``REFUSALS``; nothing of it lands."""

    def __init__(
        self, code: str, what: str = "", want: str = "", details: list[dict[str, str]] | None = None
    ):
        self.code, self.what, self.want = code, what, want
        self.details = details or []
        super().__init__(f"{code}: {REFUSALS[code].en.format(what=what, want=want)}")


@dataclass
class Fault:
    """One record that could not even be laid out in columns."""

    record: str
    line_no: int
    code: str
    raw: str
    what: str = ""
    want: str = ""
    column: str = ""
    where: str = field(default="", compare=False)
