#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Generates Sources/CloudFormation/Generated/ from the CloudFormation schemas that cfn-lint's package ships.

usage: generate-resources.py [TYPE ...]   with types, adds them to resource-types.txt first

Run it through `make resources`, which installs cfn-lint.
"""
import importlib
import json
import pathlib
import re
import sys

import cfnlint.data.schemas
from cfnlint.data.schemas.providers import us_east_1

HERE = pathlib.Path(__file__).resolve().parent
LIST = HERE / "resource-types.txt"
OUT = HERE.parent / "Sources" / "CloudFormation" / "Generated"
SCHEMAS = pathlib.Path(cfnlint.data.schemas.__path__[0]) / "resources"
KEYWORDS = {"protocol", "default", "public", "in", "where", "import", "repeat", "self", "extension", "operator", "static"}
SCALARS = {"string": "Value<String>", "integer": "Value<Int>", "number": "Value<Double>", "boolean": "Value<Bool>"}


def member(name):
    """DBClusterIdentifier -> dbClusterIdentifier, EnableIAMDatabaseAuthentication stays readable."""
    head = re.match(r"[A-Z]+(?=[A-Z][a-z]|[^A-Za-z]|$)|[A-Z]", name)
    # A plural or a version directly behind an acronym belongs to it: KMSKeyId, IPs.
    text = name[: head.end()].lower() + name[head.end():] if head else name
    text = re.sub(r"[^A-Za-z0-9]", "", text)
    return f"`{text}`" if text in KEYWORDS else text


class Generator:
    def __init__(self, type_name):
        self.type_name = type_name
        self.schema = json.loads((SCHEMAS / f"{us_east_1.types[type_name]}.json").read_text())
        _, self.service, self.name = type_name.split("::")
        self.nested = {}      # definition name -> Swift source
        self.pending = []     # (Swift type name, schema)

    def kind(self, schema):
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((k for k in kind if k == "object"), kind[0])
        if kind is None and ("properties" in schema):
            kind = "object"
        return kind

    def swift_type(self, owner, name, schema):
        if "$ref" in schema:
            ref = schema["$ref"].split("/")[-1]
            target = self.schema["definitions"].get(ref)
            if target is None:
                return "TemplateExpression"
            if set(target.get("properties", {})) == {"Key", "Value"} and re.search("Tag", ref):
                return "Tag"
            if self.kind(target) == "object" and target.get("properties"):
                swift = ref if ref != self.name else ref + "Properties"
                if swift not in self.nested:
                    self.nested[swift] = None
                    self.pending.append((swift, target))
                return swift
            return self.swift_type(owner, name, target)
        kind = self.kind(schema)
        if kind in SCALARS:
            return SCALARS[kind]
        if kind == "array":
            return f"[{self.swift_type(owner, name, schema.get('items', {}))}]"
        if kind == "object" and schema.get("properties"):
            swift = name
            if swift not in self.nested:
                self.nested[swift] = None
                self.pending.append((swift, schema))
            return swift
        if kind == "object" and len(schema.get("patternProperties", {})) == 1 and not schema.get("properties"):
            return f"[String: {self.swift_type(owner, name, next(iter(schema['patternProperties'].values())))}]"
        return "TemplateExpression"

    def struct_body(self, properties, required, indent, owner, documents):
        pad = " " * indent
        fields = []
        for name, schema in properties.items():
            swift = self.swift_type(owner, name, schema)
            if name == "Tags" and swift == "[Tag]":
                documents["tags"] = True
            fields.append((name, member(name), swift, name in required))
        fields.sort(key=lambda f: not f[3])
        lines = []
        for name, swift_name, swift, needed in fields:
            lines.append(f"{pad}/// CloudFormation's `{name}`{'' if needed else '; optional'}.")
            lines.append(f"{pad}public var {swift_name}: {swift}{'' if needed else '?'}")
        lines.append("")
        lines.append(f"{pad}/// Makes the properties from those that are given; what is required has no default.")
        lines.append(f"{pad}public init(")
        for index, (name, swift_name, swift, needed) in enumerate(fields):
            comma = "" if index == len(fields) - 1 else ","
            lines.append(f"{pad}    {swift_name}: {swift}{'' if needed else '? = nil'}{comma}")
        lines.append(f"{pad}) {{")
        for name, swift_name, *_ in fields:
            lines.append(f"{pad}    self.{swift_name.strip('`')} = {swift_name}")
        lines.append(f"{pad}}}")
        lines.append("")
        lines.append(f"{pad}/// The form it has in a template.")
        lines.append(f"{pad}public var expression: TemplateExpression {{")
        lines.append(f"{pad}    var list = PropertyList()")
        for name, swift_name, *_ in fields:
            lines.append(f'{pad}    list.add("{name}", {swift_name})')
        lines.append(f"{pad}    return list.expression")
        lines.append(f"{pad}}}")
        return lines

    def attributes(self):
        properties = self.schema["properties"]
        found = []
        for path in self.schema.get("readOnlyProperties", []):
            parts = path.split("/")[2:]
            if "*" in parts:
                continue
            schema = {"properties": properties}
            for part in parts:
                schema = (schema.get("properties") or {}).get(part, {})
                if "$ref" in schema:
                    schema = self.schema["definitions"].get(schema["$ref"].split("/")[-1], {})
            kind = self.kind(schema)
            items = schema.get("items", {})
            if kind in SCALARS:
                swift = SCALARS[kind]
            elif kind == "array" and self.kind(items) == "string":
                swift = "Value<[String]>"
            else:
                continue
            name = ".".join(parts)
            swift_name = member(parts[0]) + "".join(parts[1:])
            found.append((name, swift_name.replace("`", ""), swift))
        return found

    def update_rules(self):
        """The type's entry among the rules of updates."""
        def paths(name):
            found = sorted(p[len("/properties/"):].replace("/*", "").replace("/", ".") for p in self.schema.get(name, []))
            return "[" + ", ".join(f'"{p}"' for p in found) + "]"

        create_only, conditionally = paths("createOnlyProperties"), paths("conditionalCreateOnlyProperties")
        return f'        "{self.type_name}": .init(createOnly: {create_only}, conditionallyCreateOnly: {conditionally}),'

    def generate(self):
        properties = self.schema["properties"]
        read_only = {p.split("/")[2] for p in self.schema.get("readOnlyProperties", []) if p.count("/") == 2}
        writable = {n: s for n, s in sorted(properties.items()) if n not in read_only}
        documents = {}
        lines = [
            f"// Generated by `make resources` from the CloudFormation schema of {self.type_name}: do not edit.",
            "// SPDX-License-Identifier: Apache-2.0",
            "",
            f"extension {self.service} {{",
            f"    /// The properties of `{self.type_name}`.",
            f"    public struct {self.name}: ResourceProperties {{",
            "        /// CloudFormation's name for the type.",
            f'        public static let typeName = "{self.type_name}"',
            "",
        ]
        lines += self.struct_body(writable, set(self.schema.get("required", [])), 8, self.name, documents)
        lines.append("    }")
        lines.append("}")
        while self.pending:
            name, schema = self.pending.pop(0)
            body = [
                "",
                f"extension {self.service}.{self.name} {{",
                f"    /// A part of the properties of `{self.type_name}`.",
                f"    public struct {name}: ExpressionConvertible {{",
            ]
            body += self.struct_body(dict(sorted(schema["properties"].items())), set(schema.get("required", [])), 8, name, {})
            body += ["    }", "}"]
            self.nested[name] = body
        for name in sorted(self.nested):
            lines += self.nested[name]
        lines += [
            "",
            f"extension {self.service}.{self.name} {{",
            f"    /// What can be read of a deployed `{self.type_name}`.",
            "    public struct Attributes: ResourceAttributes {",
            "        /// The resource they are read from.",
            "        public let resource: ElementID",
            "        /// Names the resource they are read from.",
            "        public init(of resource: ElementID) { self.resource = resource }",
        ]
        for name, swift_name, swift in self.attributes():
            lines += [
                "",
                f"        /// CloudFormation's `{name}`.",
                f'        public var {swift_name}: {swift} {{ value("{name}") }}',
            ]
        lines += ["    }", "}"]
        if documents.get("tags"):
            lines += ["", f"extension {self.service}.{self.name}: Taggable {{}}"]
        folder = OUT / self.service
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.service}.{self.name}.swift").write_text("\n".join(lines) + "\n")
        return self.service


def main():
    types = [t.strip() for t in LIST.read_text().splitlines() if t.strip() and not t.startswith("#")]
    for extra in sys.argv[1:]:
        if extra not in us_east_1.types:
            sys.exit(f"{extra} is not a resource type that cfn-lint knows: spell it as in AWS::RDS::DBCluster")
        if extra not in types:
            types.append(extra)
    header = [line for line in LIST.read_text().splitlines() if line.startswith("#")]
    LIST.write_text("\n".join(header + sorted(types)) + "\n")
    generators = [Generator(t) for t in sorted(types)]
    rules = [
        "// Generated by `make resources`: do not edit.", "// SPDX-License-Identifier: Apache-2.0", "",
        "extension UpdateRules {", "    /// What the schemas say, by type.",
        "    static let generated: [String: UpdateRules] = [", *(g.update_rules() for g in generators), "    ]", "}"]
    (OUT / "UpdateRules+Generated.swift").write_text("\n".join(rules) + "\n")
    services = sorted({g.generate() for g in generators})
    lines = ["// Generated by `make resources`: do not edit.", "// SPDX-License-Identifier: Apache-2.0"]
    for service in services:
        lines += ["", f"/// The resource types of AWS's {service}.", f"public enum {service} {{}}"]
    (OUT / "Services.swift").write_text("\n".join(lines) + "\n")
    print(f"{len(types)} resource types in {OUT.relative_to(HERE.parent)}")


main()
