// SPDX-License-Identifier: Apache-2.0

/// Values that CloudFormation knows about the place of a deployment (its User Guide, "Pseudo parameters reference").
public enum PseudoParameter: String, Sendable {
    case accountID = "AWS::AccountId"
    case partition = "AWS::Partition"
    case region = "AWS::Region"
    case stackID = "AWS::StackId"
    case stackName = "AWS::StackName"
    case urlSuffix = "AWS::URLSuffix"

    /// The value, as known at deployment.
    public var value: Value<String> {
        Value(unchecked: .intrinsic("Ref", .string(rawValue)))
    }
}

/// CloudFormation's functions (its User Guide, "Intrinsic function reference"); joining is string interpolation.
public enum Fn {
    /// The element of a list at an index, counted from 0.
    public static func select(_ index: Int, _ list: Value<[String]>) -> Value<String> {
        if case .list(let elements) = list.expression, elements.indices.contains(index) {
            return Value(unchecked: elements[index])
        }
        return Value(unchecked: .intrinsic("Fn::Select", .list([.integer(index), list.expression])))
    }

    /// The Availability Zones of a region; of the stack's own where none is given.
    public static func getAZs(_ region: Value<String> = "") -> Value<[String]> {
        Value(unchecked: .intrinsic("Fn::GetAZs", region.expression))
    }

    /// The pieces of a text between separators.
    public static func split(_ separator: String, _ text: Value<String>) -> Value<[String]> {
        if let literal = text.literal {
            return Value(unchecked: .list(literal.pieces(separatedBy: separator).map { .string($0) }))
        }
        return Value(unchecked: .intrinsic("Fn::Split", .list([.string(separator), text.expression])))
    }

    /// The elements put together with a separator between them.
    public static func join(_ separator: String, _ values: [Value<String>]) -> Value<String> {
        var parts: [TemplateExpression] = []
        for (index, value) in values.enumerated() {
            if index > 0 { parts.append(.string(separator)) }
            parts.append(value.expression)
        }
        return Value(unchecked: .joining(parts))
    }

    /// What another stack of this account and region exports under a name.
    public static func importValue(_ name: Value<String>) -> Value<String> {
        Value(unchecked: .intrinsic("Fn::ImportValue", name.expression))
    }

    /// The text in Base64, as user data has to be.
    public static func base64(_ text: Value<String>) -> Value<String> {
        Value(unchecked: .intrinsic("Fn::Base64", text.expression))
    }
}

extension String {
    fileprivate func pieces(separatedBy separator: String) -> [String] {
        guard !separator.isEmpty else { return [self] }
        var pieces: [String] = []
        var rest = Substring(self)
        while let range = rest.firstRange(of: separator) {
            pieces.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        pieces.append(String(rest))
        return pieces
    }
}
