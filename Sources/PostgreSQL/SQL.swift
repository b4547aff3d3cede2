// SPDX-License-Identifier: Apache-2.0

/// The one place where names and texts are quoted for SQL.
public enum SQL {
    /// A name in double quotes (PostgreSQL documentation, "Lexical Structure").
    public static func identifier(_ name: String) -> String {
        "\"\(doubling("\"", in: name))\""
    }

    /// A name within a schema.
    public static func identifier(_ schema: String, _ name: String) -> String {
        "\(identifier(schema)).\(identifier(name))"
    }

    /// A text in single quotes, safe whatever `standard_conforming_strings` says.
    public static func literal(_ text: String) -> String {
        let quoted = doubling("'", in: text)
        guard text.utf8.contains(UInt8(ascii: "\\")) else { return "'\(quoted)'" }
        return " E'\(doubling("\\", in: quoted))'"
    }

    private static func doubling(_ character: Unicode.Scalar, in text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar == character { result.unicodeScalars.append(scalar) }
            result.unicodeScalars.append(scalar)
        }
        return result
    }
}
