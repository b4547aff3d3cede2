// SPDX-License-Identifier: Apache-2.0

import Yams

/// Collects what is wrong while a file is read, so that all of it is reported together.
final class ConfigurationProblems {
    let file: String
    private(set) var all: [ConfigurationProblem] = []

    init(file: String) {
        self.file = file
    }

    func add(_ message: String, at mark: Mark?) {
        all.append(ConfigurationProblem(file: file, line: mark?.line, column: mark?.column, message: message))
    }
}

/// A value of the file, with its name for messages, such as `aurora.instances`.
struct ConfigurationValue {
    let node: Yams.Node
    let path: String
    let problems: ConfigurationProblems

    private func fail(_ expected: String) {
        problems.add("\(path) must be \(expected), and is \(described).", at: node.mark)
    }

    private var described: String {
        switch node {
        case .scalar(let scalar): "'\(scalar.string)'"
        case .mapping: "an object"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    /// Any text, however it is written: for versions and account numbers, which look like numbers.
    var looseText: String? {
        guard case .scalar(let scalar) = node, node.null == nil else {
            fail("a text")
            return nil
        }
        return scalar.string
    }

    var text: String? {
        guard case .scalar(let scalar) = node, node.tag == Tag(.str) else {
            fail(node.scalar == nil ? "a text" : "a text (put it in quotes)")
            return nil
        }
        return scalar.string
    }

    var bool: Bool? {
        guard node.tag == Tag(.bool), let value = node.bool else {
            fail("true or false")
            return nil
        }
        return value
    }

    var int: Int? {
        guard node.tag == Tag(.int), let value = node.int else {
            fail("a whole number")
            return nil
        }
        return value
    }

    var list: [ConfigurationValue]? {
        guard case .sequence(let sequence) = node else {
            fail("a list")
            return nil
        }
        return sequence.enumerated().map {
            ConfigurationValue(node: $0.element, path: "\(path)[\($0.offset)]", problems: problems)
        }
    }

    var texts: [String]? {
        list?.compactMap(\.text)
    }

    /// Words of a name: a list of them, or a single text.
    var words: [String]? {
        if case .sequence = node { return texts }
        return text.map { [$0] }
    }

    var textByName: [String: String]? {
        guard case .mapping(let mapping) = node else {
            fail("an object")
            return nil
        }
        var result: [String: String] = [:]
        for (key, value) in mapping {
            guard let name = key.string else { continue }
            result[name] = ConfigurationValue(node: value, path: "\(path).\(name)", problems: problems).looseText
        }
        return result
    }

    /// One of an enumeration's raw values.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ type: Choice.Type) -> Choice? {
        guard let text else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        fail("one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        return nil
    }

    func object(_ known: [String]) -> ConfigurationObject? {
        guard case .mapping(let mapping) = node else {
            fail("an object")
            return nil
        }
        return ConfigurationObject(mapping, path: path, known: known, mark: node.mark, problems: problems)
    }
}

/// An object of the file whose keys are known.
struct ConfigurationObject {
    let path: String
    let mark: Mark?
    let problems: ConfigurationProblems
    private var values: [String: Yams.Node] = [:]

    init(_ mapping: Yams.Node.Mapping, path: String, known: [String], mark: Mark?, problems: ConfigurationProblems) {
        self.path = path
        self.mark = mark
        self.problems = problems
        for (key, value) in mapping {
            guard let name = key.string else {
                problems.add("\(self.path(of: "")) has a key that is no text.", at: key.mark)
                continue
            }
            if !known.contains(name) {
                let nearest = Spelling.nearest(to: name, in: known)
                let advice = nearest.map { "did you mean '\($0)'?" } ?? "known are \(known.joined(separator: ", "))."
                problems.add("There is no '\(self.path(of: name))': \(advice)", at: key.mark)
            } else if values[name] != nil {
                problems.add("'\(self.path(of: name))' is there twice: keep one.", at: key.mark)
            } else {
                values[name] = value
            }
        }
    }

    private func path(of name: String) -> String { path.isEmpty ? name : name.isEmpty ? path : "\(path).\(name)" }

    /// The value of a key; one that is `null` counts as absent.
    subscript(name: String) -> ConfigurationValue? {
        guard let node = values[name], node.null == nil else { return nil }
        return ConfigurationValue(node: node, path: path(of: name), problems: problems)
    }

    func required(_ name: String) -> ConfigurationValue? {
        if let value = self[name] { return value }
        problems.add("\(path(of: name)) is missing: it is required.", at: mark)
        return nil
    }

    /// The one of several keys that is given.
    func exactlyOne(of names: [String]) -> (name: String, value: ConfigurationValue)? {
        let given = names.compactMap { name in self[name].map { (name, $0) } }
        if given.count == 1 { return given[0] }
        let what =
            given.isEmpty ? "none of them is there" : "\(given.map(\.0).joined(separator: " and ")) exclude each other"
        problems.add("\(path) takes exactly one of \(names.joined(separator: ", ")): \(what).", at: mark)
        return nil
    }
}

/// Finds what was probably meant.
enum Spelling {
    /// The most similar word, if it is similar enough to be a slip of the pen.
    static func nearest(to word: String, in candidates: [String]) -> String? {
        let ranked = candidates.map { ($0, distance(word.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
        guard let (candidate, distance) = ranked, distance <= max(2, candidate.count / 3) else { return nil }
        return candidate
    }

    /// How many characters have to be added, removed or replaced.
    private static func distance(_ first: String, _ second: String) -> Int {
        let second = Array(second)
        var row = Array(0...second.count)
        for (index, character) in first.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in second.indices {
                let replaced = diagonal + (character == second[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[second.count]
    }
}
