"""Functions and operators that Spark gives a condition's values by as the embedded engine does.

Each was compared on both engines, on nulls, NaN, signs, empty and non-Latin texts; others are
left to the embedded engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mlgate.tables import _java_regex, _sql
from mlgate.tables._spark_kinds import Typed, as_float, compared, decimal, digits, together
from mlgate.tables._spark_otherwise import Otherwise, unless

Written = Callable[[Sequence[Typed]], Typed]

BEYOND_ASCII = "lower, upper and ILIKE of a text beyond ASCII differ on Spark"
_SPACES = " \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u202f\u205f\u3000"
_OVERFLOWS = frozenset({"+", "-", "*", "//", "%", "abs"})
_NUMBERS = ("integer", "decimal", "single", "double")


def written(function: str, given: Sequence[Typed]) -> Typed:
    """The call in Spark's words. Raises `Otherwise` where it has none that were compared."""
    if function not in _WRITTEN:
        raise Otherwise(function)
    if function in _OVERFLOWS and any(map(_is_narrow, given)):
        raise Otherwise(f"{function} of narrow integers")
    return _WRITTEN[function](given)


def _is_narrow(one: Typed) -> bool:
    """True of columns of 8 and 16 bits: beside a constant Spark counts in 32, the embedded engine
    does not."""
    return one.kind == "integer" and one.constant is None and 0 < one.digits[0] < 10


def _kinds(function: str, given: Sequence[Typed], *wanted: str) -> list[str]:
    """What they are written as. Raises `Otherwise` where they are others."""
    fits = len(given) == len(wanted) and all(
        one.kind in (*kinds.split("|"), "null") for one, kinds in zip(given, wanted, strict=True)
    )
    if not fits:
        said = ", ".join(one.kind for one in given)
        raise Otherwise(f"{function} of {said}")
    return [one.sql for one in given]


def _call(name: str, template: str, kind: str, *wanted: str) -> tuple[str, Written]:
    def render(given: Sequence[Typed]) -> Typed:
        return Typed(template.format(*_kinds(name, given, *wanted)), kind)

    return name, render


def _arithmetic(sign: str) -> Written:
    def render(given: Sequence[Typed]) -> Typed:
        if len(given) == 1:
            (only,) = given
            _kinds(sign, given, "integer|decimal|single|double")
            return Typed(f"({sign}{only.sql})", only.kind, only.digits, only.constant)
        if given[0].kind in ("date", "time"):
            return _days(sign, given)
        _kinds(sign, given, "|".join(_NUMBERS), "|".join(_NUMBERS))
        (one, other), kind = together(given)
        sql = f"({one.sql} {sign} {other.sql})"
        if kind != "decimal":
            return Typed(sql, kind)
        (p, s), (q, t) = digits(one), digits(other)
        if sign == "*":
            return decimal(sql, p - s + q - t + 1, s + t)
        return decimal(sql, max(p - s, q - t) + 1, max(s, t))

    return render


def _days(sign: str, given: Sequence[Typed]) -> Typed:
    """Dates, and whole days between them."""
    if sign == "-" and given[1].kind == "date":
        return Typed("datediff({}, {})::bigint".format(*_kinds(sign, given, "date", "date")),
                     "integer")  # fmt: skip
    day, days = _kinds(sign, given, "date", "integer")
    return Typed(f"date_add({day}, ({sign}({days}))::int)", "date")


def _divided(given: Sequence[Typed]) -> Typed:
    """As floats, where zero divides."""
    _kinds("/", given, "|".join(_NUMBERS), "|".join(_NUMBERS))
    kind = together(given)[1]
    kind = "single" if kind == "single" else "double"
    one, other = (f"({as_float(part, kind).sql})" for part in given)
    end = f"CASE WHEN {other}::string = '-0.0' THEN '-inf' ELSE 'inf' END::double"
    sql = f"CASE WHEN {other} = 0 THEN {one} * ({end}) ELSE {one} / {other} END"
    return Typed(f"({sql})::{'float' if kind == 'single' else 'double'}", kind)


def _magnitude(given: Sequence[Typed]) -> Typed:
    (sql,) = _kinds("abs", given, "|".join(_NUMBERS))
    return Typed(f"abs({sql})", given[0].kind, given[0].digits)


def _whole(name: str) -> Written:
    """Of a float that is one again: Spark's is a whole number, which has an end."""

    def render(given: Sequence[Typed]) -> Typed:
        (x,) = _kinds(name, given, "double")
        near = f"abs({x}) < 4503599627370496"
        return Typed(f"(CASE WHEN {near} THEN {name}({x})::double ELSE {x} END)", "double")

    return render


def _extreme(name: str) -> Written:
    def render(given: Sequence[Typed]) -> Typed:
        found, kind = compared(given)
        if len(found) < 2 or kind == "decimal":
            raise Otherwise(f"{name} of decimals or of one value")
        return Typed(f"{name}({', '.join(found)})", kind)

    return render


def _if(given: Sequence[Typed]) -> Typed:
    if len(given) != 3 or given[0].kind not in ("truth", "null"):
        raise Otherwise("if of other than a condition and two values")
    return either(given[:1], given[1:])


def either(tests: Sequence[Typed], values: Sequence[Typed]) -> Typed:
    """CASE: the value of the first test that holds, or the last one."""
    _kinds("CASE", tests, *["truth"] * len(tests))
    same, kind = together(values)
    if kind == "decimal":
        raise Otherwise("CASE of decimals")
    pairs = zip(tests, same[:-1], strict=True)
    whens = " ".join(f"WHEN {test.sql} THEN {value.sql}" for test, value in pairs)
    return Typed(f"(CASE {whens} ELSE {same[-1].sql} END)", kind)


def first(given: Sequence[Typed]) -> Typed:
    """COALESCE."""
    same, kind = together(given)
    if kind == "decimal":
        raise Otherwise("coalesce of decimals")
    return Typed(f"coalesce({', '.join(one.sql for one in same)})", kind)


def _concat(given: Sequence[Typed]) -> Typed:
    """Which passes over nulls."""
    parts = _kinds("concat", given, *["text"] * len(given))
    return Typed(f"concat({', '.join(f'coalesce({part}, {_EMPTY})' for part in parts)})", "text")


def _part(name: str, least: int) -> Written:
    """Of a text, by numbers that are constants: what they mean below that differs."""

    def render(given: Sequence[Typed]) -> Typed:
        parts = _kinds(name, given, "text", *["integer"] * (len(given) - 1))
        numbers = [one.constant for one in given[1:]]
        low = (least, 0)[: len(numbers)]
        if not 1 <= len(numbers) <= 1 + least or not all(
            number is not None and number.isdigit() and int(number) >= bound
            for number, bound in zip(numbers, low, strict=True)
        ):
            raise Otherwise(f"{name} but from constants that are {least} or more")
        return Typed(f"{name}({', '.join(parts)})", "text")

    return render


def _replaced(given: Sequence[Typed]) -> Typed:
    parts = _kinds("replace", given, "text", "text", "text")
    if not given[1].constant:
        raise Otherwise("replace of other than a constant text")
    return Typed(f"replace({', '.join(parts)})", "text")


def ascii_only(sql: str) -> str:
    """The text, or an error where folding its case depends on the engine."""
    beyond = rf"{sql} RLIKE '[^\x00-\x7F]'"
    return f"({unless(beyond, sql, BEYOND_ASCII)})"


def _folded(name: str) -> Written:
    def render(given: Sequence[Typed]) -> Typed:
        (sql,) = _kinds(name, given, "text")
        return Typed(f"{name}({ascii_only(sql)})", "text")

    return render


def _like(template: str, folds: bool = False) -> Written:
    """With a pattern that is a constant, in which a backslash is no escape unless one is named."""

    def render(given: Sequence[Typed]) -> Typed:
        parts = _kinds("LIKE", given, *["text"] * (2 + template.count("{2}")))
        if any(one.constant is None for one in given[1:]):
            raise Otherwise("a pattern that is no plain text")
        if folds:
            parts[0] = ascii_only(parts[0])
            if not str(given[1].constant).isascii():
                raise Otherwise(BEYOND_ASCII)
        if "ESCAPE" not in template:
            parts[1] = parts[1].replace("\\", "\\\\")
        return Typed(template.format(*parts), "truth")

    return render


def _search(given: Sequence[Typed]) -> Typed:
    """By a regular expression that is a constant."""
    parts = _kinds("regexp_matches", given, "text", "text")
    if given[1].constant is None:
        raise Otherwise("a regular expression that is no plain text")
    _java_regex.alike(given[1].constant)
    return Typed(f"regexp_matches({', '.join(parts)})", "truth")


def _dated(given: Sequence[Typed]) -> Typed:
    """`extract(year FROM x)`."""
    part = (given[0].constant or "").lower() if given else ""
    if part not in _PARTS:
        raise Otherwise(f"date_part of {part or 'what is no constant'}")
    return written(part, given[1:])


def _nullif(given: Sequence[Typed]) -> Typed:
    (one, other), kind = compared(given)
    if kind != given[0].kind or kind == "decimal":
        raise Otherwise("nullif of two kinds")
    return Typed(f"nullif({one}, {other})", kind)


_EMPTY = "''"
_DATES = "date|time"
_SPACED = _sql.text(_SPACES)
_PARTS = {
    "year": "year({})", "month": "month({})", "day": "day({})", "quarter": "quarter({})",
    "dayofmonth": "day({})", "dayofyear": "dayofyear({})", "week": "weekofyear({})",
    "dayofweek": "(dayofweek({}) - 1)", "weekday": "(dayofweek({}) - 1)",
    "dow": "(dayofweek({}) - 1)", "isodow": "(weekday({}) + 1)",
}  # fmt: skip
_WRITTEN: dict[str, Written] = dict([
    *((sign, _arithmetic(sign)) for sign in "+-*"),
    ("/", _divided),
    _call("//", "({} div {})", "integer", "integer", "integer"),
    _call("%", "({} % {})", "integer", "integer", "integer"),
    ("abs", _magnitude), ("floor", _whole("floor")), ("ceil", _whole("ceil")),
    _call("isfinite", "isfinite({})", "truth", "single|double"),
    ("greatest", _extreme("greatest")), ("least", _extreme("least")),
    ("if", _if), ("nullif", _nullif),
    _call("||", "({} || {})", "text", "text", "text"), ("concat", _concat),
    ("substring", _part("substring", 1)), ("substr", _part("substr", 1)),
    ("left", _part("left", 0)), ("right", _part("right", 0)), ("replace", _replaced),
    ("lower", _folded("lower")), ("upper", _folded("upper")),
    *(_call(name, f"trim({side} {_SPACED} FROM {{}})", "text", "text")
      for name, side in (("trim", "BOTH"), ("ltrim", "LEADING"), ("rtrim", "TRAILING"))),
    *(_call(name, "char_length({})::bigint", "integer", "text")
      for name in ("length", "len", "char_length", "character_length")),
    *(_call(name, "instr({}, {})", "integer", "text", "text")
      for name in ("instr", "strpos", "position")),
    *(_call(name, f"{theirs}({{}}, {{}})", "truth", "text", "text")
      for name, theirs in (("contains", "contains"), ("starts_with", "startswith"),
                           ("prefix", "startswith"), ("^@", "startswith"),
                           ("ends_with", "endswith"), ("suffix", "endswith"))),
    ("~~", _like("({0} LIKE {1})")), ("!~~", _like("({0} NOT LIKE {1})")),
    ("~~*", _like("({0} ILIKE {1})", folds=True)),
    ("!~~*", _like("({0} NOT ILIKE {1})", folds=True)),
    ("like_escape", _like("({0} LIKE {1} ESCAPE {2})")),
    ("regexp_matches", _search),
    *(_call(name, template, "integer", _DATES) for name, template in _PARTS.items()),
    *(_call(name, f"{name}({{}})", "integer", "time") for name in ("hour", "minute", "second")),
    ("date_part", _dated),
])  # fmt: skip
