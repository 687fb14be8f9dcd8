"""The reference part of a README as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docgen.module import Input, Module, Output

SOURCE = "git::https://<your host>/terraform-aws-saga.git//modules/{name}?ref=<version>"


def reference(module: Module) -> str:
    """Return example, inputs and outputs of a module, each under a heading of the second level."""
    parts = []
    if module.example:
        parts += [
            "## Example",
            f"```hcl\n{module.example.rstrip()}\n```",
            f"In another repository the source is `{SOURCE.format(name=module.name)}`.",
        ]
    parts.append("## Inputs")
    parts.append(_inputs(module.inputs) if module.inputs else "None.")
    parts += [_attributes(item) for item in module.inputs if item.fields]
    parts.append("## Outputs")
    parts.append(_outputs(module.outputs) if module.outputs else "None.")
    return "\n\n".join(parts) + "\n"


def _inputs(inputs: Iterable[Input]) -> str:
    return _table(
        ("input", "type", "default", "what it is"),
        [
            (f"`{item.name}`", f"`{item.type.short()}`", _default(item.default), item.description.summary)
            for item in sorted(inputs, key=lambda item: item.default is not None)
        ],
    )


def _attributes(item: Input) -> str:
    attributes = item.description.attributes
    table = _table(
        ("attribute", "type", "default", "what it is"),
        [
            (
                f"`{field.path}`",
                f"`{field.type.short()}`",
                _default(field.default),
                _sentence(attributes.get(field.path, "")),
            )
            for field in item.fields
        ],
    )
    return "\n\n".join(part for part in (f"### `{item.name}`", table, item.description.remarks) if part)


def _outputs(outputs: Iterable[Output]) -> str:
    return _table(
        ("output", "what it is"),
        [
            (f"`{item.name}`", item.description + (" Sensitive: not shown by Terraform." if item.sensitive else ""))
            for item in outputs
        ],
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _default(default: str | None) -> str:
    return "required" if default is None else f"`{default}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(head), _row(["---"] * len(head)), *(_row([cell.replace("|", "\\|") for cell in row]) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
