#!/usr/bin/env python3
"""Tables for pages, out of a study's results.csv.

    docs_tables.py results.csv --rows KEY --columns KEY --value MEASURE    a row and a column for each value
    docs_tables.py results.csv --list KEY[=TITLE]...                       a line for each row, as they are

Whole numbers are grouped; 0 clusters, which are none, are shown as "-".
"""
import argparse
import csv


def shown(text, title=""):
    if "clusters" in title and text == "0":
        return "-"
    try:
        number = float(text)
    except ValueError:
        return text.removeprefix("zoo:")
    return f"{int(number):,}" if number == int(number) else f"{number:g}"


def markdown(lines):
    head, *rest = lines
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for line in rest:
        yield "| " + " | ".join(line) + " |"


def pivot(rows, row_key, column_key, value):
    names = list(dict.fromkeys(row[row_key] for row in rows))
    columns = list(dict.fromkeys(row[column_key] for row in rows))
    of = {(row[row_key], row[column_key]): row[value] for row in rows}
    return [[row_key, *columns], *([shown(name), *(shown(of[name, column]) for column in columns)] for name in names)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results")
    parser.add_argument("--rows")
    parser.add_argument("--columns")
    parser.add_argument("--value")
    parser.add_argument("--list", nargs="+", default=[])
    arguments = parser.parse_args()
    with open(arguments.results, newline="") as file:
        rows = list(csv.DictReader(file))
    if arguments.list:
        keys = [each.partition("=") for each in arguments.list]
        lines = [[title or key for key, _, title in keys],
                 *([shown(row[key], title) for key, _, title in keys] for row in rows)]
    else:
        lines = pivot(rows, arguments.rows, arguments.columns, arguments.value)
    print("\n".join(markdown(lines)))


if __name__ == "__main__":
    main()
