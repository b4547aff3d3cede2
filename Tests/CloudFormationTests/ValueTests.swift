// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import Foundation
import Testing

@Suite("Values")
struct ValueTests {
    private let reference = Value<String>(Reference(to: ElementID(path: "S/Db"), .named("Endpoint.Address")))

    private func json(_ value: some ExpressionConvertible) throws -> String {
        try JSONWriter.compact(value.expression) { reference in
            guard case .named(let name) = reference.attribute else { return ["Ref": .string(reference.target.path)] }
            return ["Fn::GetAtt": [.string(reference.target.path), .string(name)]]
        }
    }

    @Test("that are known stay plain text in an interpolation")
    func known() throws {
        let name: Value<String> = "demo"
        let text: Value<String> = "arn:aws:\(name):\(5432)"
        #expect(text.literal == "arn:aws:demo:5432")
        #expect(try json(text) == #""arn:aws:demo:5432""#)
    }

    @Test("that are not known yet make a join, with neighbouring texts put together")
    func join() throws {
        let inner: Value<String> = "\(reference):"
        let text: Value<String> = "postgres://\(inner)\(5432)/demo"
        #expect(text.literal == nil)
        #expect(
            try json(text)
                == #"{"Fn::Join":["",["postgres://",{"Fn::GetAtt":["S/Db","Endpoint.Address"]},":5432/demo"]]}"#)
    }

    @Test("alone in an interpolation stay themselves")
    func alone() throws {
        #expect(try json("\(reference)" as Value<String>) == #"{"Fn::GetAtt":["S/Db","Endpoint.Address"]}"#)
    }

    @Test("are refused where their element is not part of the application")
    func unresolved() {
        #expect(throws: UnresolvedReference.self) { try JSONWriter.write(reference.expression) }
    }
}

@Suite("The JSON writer")
struct JSONWriterTests {
    @Test("writes what Foundation reads back", arguments: ["\u{1}", "\"\\/\n\t", "ä🎉", ""])
    func roundTrip(text: String) throws {
        let written = try JSONWriter.write(["a": .string(text), "b": [1, true, nil, 1.5]])
        let read = try JSONDecoder().decode(TemplateExpression.self, from: Data(written))
        #expect(read == ["a": .string(text), "b": [1, true, nil, 1.5]])
    }

    @Test("keeps the order of members")
    func order() throws {
        #expect(try JSONWriter.compact(["z": 1, "a": 2]) == #"{"z":1,"a":2}"#)
    }
}
