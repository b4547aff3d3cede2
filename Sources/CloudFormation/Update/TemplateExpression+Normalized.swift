// SPDX-License-Identifier: Apache-2.0

extension TemplateExpression {
    /// One form for what CloudFormation takes for the same: members by name, scalars as text, `Fn::Sub` as a join, and no
    /// joins within joins.
    package var normalized: TemplateExpression {
        switch self {
        case .boolean(let flag): return .string(flag ? "true" : "false")
        case .integer(let number): return .string(String(number))
        case .number(let number): return .string("\(number)")
        case .null, .string, .reference: return self
        case .list(let elements): return .list(elements.map(\.normalized))
        case .join(let parts): return Self.joined(parts.map(\.normalized))
        case .object(let members):
            if members.count == 1, let call = members.first { return Self.normalized(call) }
            return .object(members.map { .init($0.name, $0.value.normalized) }.sorted { $0.name < $1.name })
        }
    }

    private static func normalized(_ call: Member) -> TemplateExpression {
        let argument = call.value
        switch call.name {
        case "Fn::GetAtt":
            guard let text = argument.stringLiteral, let dot = text.firstIndex(of: ".") else { break }
            return .intrinsic(
                call.name, .list([.string(String(text[..<dot])), .string(String(text[text.index(after: dot)...]))]))
        case "Fn::Sub":
            if let text = argument.stringLiteral { return substituted(text) }
        case "Fn::Join":
            if let parts = argument.elements, parts.count == 2, parts[0].stringLiteral == "",
                let list = parts[1].elements
            {
                return joined(list.map(\.normalized))
            }
        default: break
        }
        return .intrinsic(call.name, argument.normalized)
    }

    /// Text with `${…}` in it, as a join.
    private static func substituted(_ text: String) -> TemplateExpression {
        var parts: [TemplateExpression] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
            parts.append(.string(String(rest[..<start.lowerBound])))
            let name = String(rest[start.upperBound..<end])
            let isAttribute = name.contains(".") && !name.contains("::")
            parts.append(.intrinsic(isAttribute ? "Fn::GetAtt" : "Ref", .string(name)).normalized)
            rest = rest[rest.index(after: end)...]
        }
        return joined(parts + [.string(String(rest))])
    }

    private static func joined(_ parts: [TemplateExpression]) -> TemplateExpression {
        var flat: [TemplateExpression] = []
        for part in parts.flatMap({ $0.joinedParts ?? [$0] }) {
            if case .string(let text) = part, case .string(let before)? = flat.last {
                flat[flat.count - 1] = .string(before + text)
            } else if part.stringLiteral != "" {
                flat.append(part)
            }
        }
        if flat.isEmpty { return "" }
        return flat.count == 1 ? flat[0] : .intrinsic("Fn::Join", .list([.string(""), .list(flat)]))
    }

    private var joinedParts: [TemplateExpression]? {
        guard let arguments = self["Fn::Join"]?.elements, arguments.count == 2, arguments[0].stringLiteral == "" else {
            return nil
        }
        return arguments[1].elements
    }

    /// The logical ids that a template's expression uses.
    package var usedLogicalIDs: [String] {
        switch self {
        case .object(let members):
            if members.count == 1, let call = members.first {
                if call.name == "Ref", let id = call.value.stringLiteral { return [id] }
                if call.name == "Fn::GetAtt" {
                    let id = call.value.elements?.first?.stringLiteral ?? call.value.stringLiteral
                    return id.map { [String($0.prefix { $0 != "." })] } ?? []
                }
            }
            return members.flatMap { $0.value.usedLogicalIDs }
        case .list(let elements), .join(let elements): return elements.flatMap(\.usedLogicalIDs)
        case .null, .boolean, .integer, .number, .string, .reference: return []
        }
    }
}
