// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

extension TemplateExpression: Decodable {
    /// Reads JSON as it stands: intrinsic functions stay objects, and an object's members come sorted by name.
    public init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: AnyKey.self) {
            self = .object(
                try object.allKeys.sorted { $0.stringValue < $1.stringValue }.map {
                    Member($0.stringValue, try object.decode(TemplateExpression.self, forKey: $0))
                })
            return
        }
        if var list = try? decoder.unkeyedContainer() {
            var elements: [TemplateExpression] = []
            while !list.isAtEnd { elements.append(try list.decode(TemplateExpression.self)) }
            self = .list(elements)
            return
        }
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .boolean(flag)
        } else if let number = try? value.decode(Int.self) {
            self = .integer(number)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else {
            self = .string(try value.decode(String.self))
        }
    }

    /// Reads JSON text.
    package static func parse(json: Data) throws -> TemplateExpression {
        try JSONDecoder().decode(TemplateExpression.self, from: json)
    }
}

/// Any name as a coding key.
package struct AnyKey: CodingKey {
    package let stringValue: String
    package var intValue: Int? { nil }
    package init(stringValue: String) { self.stringValue = stringValue }
    package init?(intValue: Int) { nil }
}
