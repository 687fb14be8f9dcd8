from __future__ import annotations

from pathlib import Path

import pytest

from docgen.module import ModuleError, describe, read

VARIABLES = """
variable "size" {
  description = "How \\"big\\" it is."
  type        = number
  default     = 3
}

variable "boxes" {
  description = <<-EOT
    Boxes, by name,
    in any order.
    - `width`, `height`: in millimetres, such as $${width}.
    - `lid`: whether it has one.

    A box without a lid is open.
  EOT
  type = map(object({
    width  = number
    height = number
    lid    = optional(bool, true)
  }))
}

variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = { Name = "box", "a b" = "c" }
}
"""

OUTPUTS = """
output "volume" {
  description = "The volume."
  value       = 1
}

output "key" {
  description = "The key."
  sensitive   = true
  value       = 1
}
"""


def module_in(folder: Path, variables: str = VARIABLES, outputs: str = OUTPUTS) -> Path:
    (folder / "variables.tf").write_text(variables, encoding="utf-8")
    (folder / "outputs.tf").write_text(outputs, encoding="utf-8")
    return folder


def test_a_module_is_read_whole(tmp_path: Path) -> None:
    example = module_in(tmp_path) / "examples" / "basic" / "main.tf"
    example.parent.mkdir(parents=True)
    example.write_text("# An example\n", encoding="utf-8")

    module = read(tmp_path)

    assert [(item.name, item.type.short(), item.default) for item in module.inputs] == [
        ("size", "number", "3"),
        ("boxes", "map(object)", None),
        ("tags", "map(string)", '{ Name = "box", "a b" = "c" }'),
    ]
    size, boxes, _ = module.inputs
    assert size.description.summary == 'How "big" it is.'
    assert boxes.description.summary == "Boxes, by name, in any order."
    assert boxes.description.attributes == {
        "width": "in millimetres, such as ${width}.",
        "height": "in millimetres, such as ${width}.",
        "lid": "whether it has one.",
    }
    assert boxes.description.remarks == "A box without a lid is open."
    assert [(item.name, item.description, item.sensitive) for item in module.outputs] == [
        ("volume", "The volume.", False),
        ("key", "The key.", True),
    ]
    assert module.example == "# An example\n"


def test_a_module_may_have_no_example(tmp_path: Path) -> None:
    assert read(module_in(tmp_path)).example is None


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ('variable "size" {\n  type = number\n}\n', "variable size has no description"),
        ('variable "size" {\n  description = ""\n  type = number\n}\n', "variable size has no description"),
        ('variable "size" {\n  description = "Size."\n}\n', "variable size has no type"),
        ('variable "size" {\n  description = "Size."\n  type = nmber\n}\n', "variable size: expected a type"),
        (
            (
                'variable "size" {\n  description = <<-EOT\n    Size.\n    - `with`: wide.\n  EOT\n'
                "  type = object({ width = number })\n}\n"
            ),
            "describes the attribute 'with', which its type does not have",
        ),
        ('variable "size" {\n', "not readable as HCL"),
    ],
)
def test_what_cannot_be_documented_is_an_error_that_names_it(tmp_path: Path, variables: str, expected: str) -> None:
    with pytest.raises(ModuleError, match=expected) as raised:
        read(module_in(tmp_path, variables))
    assert "variables.tf" in str(raised.value)


def test_an_output_without_description_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModuleError, match="output volume has no description"):
        read(module_in(tmp_path, outputs='output "volume" {\n  value = 1\n}\n'))


def test_a_list_that_is_no_attribute_list_stays_text() -> None:
    assert describe("Either\n- this or\n- that.").summary == "Either - this or - that."
