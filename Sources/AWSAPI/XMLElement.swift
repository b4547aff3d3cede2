// SPDX-License-Identifier: Apache-2.0

/// An element of an XML document, as the query protocol answers: no attributes are needed of it, and no mixed content.
struct XMLElement: Sendable, Equatable {
    let name: String
    private(set) var text = ""
    private(set) var children: [XMLElement] = []

    /// The document's element; `nil` where it is no document.
    init?(document: String) {
        var rest = document[...]
        guard let root = Self.next(&rest) else { return nil }
        self = root
    }

    private init(name: String) {
        self.name = name
    }

    /// The first child of a name.
    subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    /// The first element of a name, at any depth.
    func first(_ name: String) -> XMLElement? {
        if self.name == name { return self }
        return children.lazy.compactMap { $0.first(name) }.first
    }

    /// The text of a child.
    func text(_ name: String) -> String? { self[name]?.text }

    /// The elements of a list, which are all called `member`.
    func members(_ name: String) -> [XMLElement] { self[name]?.children.filter { $0.name == "member" } ?? [] }

    private static func next(_ rest: inout Substring) -> XMLElement? {
        guard let open = tag(&rest, skippingText: true), !open.isEnd else { return nil }
        var element = XMLElement(name: open.name)
        if open.isEmpty { return element }
        while let less = rest.firstIndex(of: "<") {
            element.text += unescaped(rest[..<less])
            let before = rest[less...]
            rest = before
            guard let tag = tag(&rest, skippingText: false) else { return nil }
            if tag.isEnd { return tag.name == element.name ? element : nil }
            rest = before
            guard let child = next(&rest) else { return nil }
            element.children.append(child)
        }
        return nil
    }

    /// The next tag; declarations and comments are passed over.
    private static func tag(
        _ rest: inout Substring, skippingText: Bool
    ) -> (name: String, isEnd: Bool, isEmpty: Bool)? {
        while let less = rest.firstIndex(of: "<"), let greater = rest[less...].firstIndex(of: ">") {
            let content = rest[rest.index(after: less)..<greater]
            rest = rest[rest.index(after: greater)...]
            if content.hasPrefix("?") || content.hasPrefix("!") { continue }
            let isEnd = content.hasPrefix("/")
            let name = content.drop { $0 == "/" }.prefix { !$0.isWhitespace && $0 != "/" }
            return (String(name), isEnd, content.hasSuffix("/"))
        }
        return nil
    }

    private static func unescaped(_ text: Substring) -> String {
        guard text.contains("&") else { return String(text) }
        return String(text).replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
            .replacing("&apos;", with: "'").replacing("&#x27;", with: "'").replacing("&#39;", with: "'")
            .replacing("&amp;", with: "&")
    }
}
