// SPDX-License-Identifier: Apache-2.0

import Constructs

/// A name in words, spelled as each place wants it.
///
/// ```swift
/// let name = Namer(["aurora", "demo"])
/// name.pascal  // AuroraDemo
/// name.snake   // aurora_demo
/// ```
public struct Namer: Hashable, Sendable, CustomStringConvertible {
    /// How words are put together.
    public enum Convention: String, Hashable, Sendable, CaseIterable {
        /// `auroraDemo`
        case camel
        /// `aurora-demo`
        case kebab
        /// `AuroraDemo`
        case pascal
        /// `aurora_demo`
        case snake
    }

    /// Which end of a name gives way when it is too long.
    public enum Truncation: Hashable, Sendable {
        /// The beginning is kept.
        case tail
        /// The end is kept.
        case head
    }

    /// Limits that a name is fitted into.
    public struct Options: Hashable, Sendable {
        /// The most characters of a word; longer ones are cut.
        public var maxPartLength: Int?
        /// Which end of a word gives way.
        public var partTruncation: Truncation
        /// The most characters of a whole name.
        public var maxLength: Int?
        /// Which end of a name gives way.
        public var truncation: Truncation
        /// Something that tells this name from others that are cut to the same: a word made from it is put behind.
        public var uniqueSeed: String?

        /// Describes limits; without any, names stay as they are.
        public init(
            maxPartLength: Int? = nil, partTruncation: Truncation = .tail, maxLength: Int? = nil,
            truncation: Truncation = .tail, uniqueSeed: String? = nil
        ) {
            self.maxPartLength = maxPartLength
            self.partTruncation = partTruncation
            self.maxLength = maxLength
            self.truncation = truncation
            self.uniqueSeed = uniqueSeed
        }
    }

    // A word of eight hexadecimal digits tells four thousand million names apart.
    private static let uniqueLength = 8

    /// The words, in lower case.
    public let parts: [String]
    /// The limits.
    public let options: Options

    /// Takes words.
    public init(_ parts: [String], options: Options = .init()) {
        self.parts = parts.map { $0.lowercased() }.filter { !$0.isEmpty }
        self.options = options
    }

    /// The same words with others before them.
    public func addPrefix(_ prefix: [String]) -> Namer { Namer(prefix + parts, options: options) }
    /// The same words with those of another name before them.
    public func addPrefix(_ prefix: Namer) -> Namer { addPrefix(prefix.parts) }
    /// The same words with others behind them.
    public func addSuffix(_ suffix: [String]) -> Namer { Namer(parts + suffix, options: options) }
    /// The same words with those of another name behind them.
    public func addSuffix(_ suffix: Namer) -> Namer { addSuffix(suffix.parts) }
    /// The same words, told from others by a word that is made from a seed.
    public func unique(_ seed: String) -> Namer {
        var changed = options
        changed.uniqueSeed = seed
        return Namer(parts, options: changed)
    }

    /// `auroraDemo`
    public var camel: String { spelled(.camel) }
    /// `aurora-demo`
    public var kebab: String { spelled(.kebab) }
    /// `AuroraDemo`
    public var pascal: String { spelled(.pascal) }
    /// `aurora_demo`
    public var snake: String { spelled(.snake) }
    /// The facts as a sentence for people.
    public var description: String { kebab }

    /// The name in a convention, within the limits.
    public func spelled(_ convention: Convention) -> String {
        var words = parts.map { Self.cut($0, to: options.maxPartLength, options.partTruncation) }
        let whole = Self.join(words, convention)
        guard let seed = options.uniqueSeed else { return Self.cut(whole, to: options.maxLength, options.truncation) }
        let mark = String(UniqueID.make([seed, seed]).suffix(Self.uniqueLength)).lowercased()
        words.append(mark)
        let marked = Self.join(words, convention)
        guard let limit = options.maxLength, marked.count > limit else { return marked }
        // The mark is what makes the name unique: it stays, and the words give way.
        let tail = String(marked.dropFirst(whole.count))
        return Self.cut(whole, to: max(limit - tail.count, 0), options.truncation) + tail.suffix(limit)
    }

    private static func cut(_ text: String, to limit: Int?, _ truncation: Truncation) -> String {
        guard let limit, text.count > limit else { return text }
        return truncation == .tail ? String(text.prefix(limit)) : String(text.suffix(limit))
    }

    private static func join(_ words: [String], _ convention: Convention) -> String {
        func capitalized(_ word: String) -> String { word.prefix(1).uppercased() + word.dropFirst() }
        return switch convention {
        case .kebab: words.joined(separator: "-")
        case .snake: words.joined(separator: "_")
        case .pascal: words.map(capitalized).joined()
        case .camel: (words.prefix(1) + words.dropFirst().map(capitalized)).joined()
        }
    }
}
