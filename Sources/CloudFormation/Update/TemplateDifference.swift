// SPDX-License-Identifier: Apache-2.0

/// What CloudFormation does to a deployed stack when its template is replaced by another one, as far as the schemas of
/// the resource types tell that.
public struct TemplateDifference: Sendable, Hashable {
    /// What becomes of a resource.
    public enum Effect: String, Sendable, Hashable, CaseIterable, Codable {
        /// CloudFormation refuses the change.
        case refuse
        /// Another one is made, and this one is deleted afterwards.
        case replace
        /// It is changed in place or replaced; the schema does not tell.
        case mayReplace
        /// It is changed in place, and is not available meanwhile.
        case updateWithInterruption
        /// It is changed in place.
        case update
        /// It leaves the stack, and stays.
        case retain
        /// It is deleted.
        case delete
        /// It is made.
        case create
    }

    /// A resource that is not the same in both templates.
    public struct Change: Sendable, Hashable, Codable {
        /// The resource's name in the template.
        public let logicalID: String
        /// Its type.
        public let type: String
        /// What becomes of it.
        public let effect: Effect
        /// The properties that differ, and those that have another value since what they name is replaced.
        public let properties: [String]
        /// The properties that are the reason for a replacement or an interruption.
        public let causes: [String]
        /// Whether it holds data that would be lost.
        public let holdsState: Bool

        /// Whether data is lost with it, or may be.
        public var losesState: Bool {
            holdsState && [.replace, .mayReplace, .delete].contains(effect)
        }
    }

    /// The changes: what is lost first, then what changes most, then by name.
    public let changes: [Change]

    /// Compares two templates.
    public init(from old: TemplateExpression, to new: TemplateExpression) {
        func resources(_ template: TemplateExpression) -> [String: TemplateExpression] {
            Dictionary(
                (template["Resources"]?.members ?? []).map { ($0.name, $0.value) },
                uniquingKeysWith: { first, _ in first })
        }
        let (before, after) = (resources(old), resources(new))
        var changes: [String: Change] = [:]
        for (id, resource) in before where after[id] == nil { changes[id] = Self.removal(id, resource) }
        for (id, resource) in after where before[id] == nil {
            changes[id] = Self.change(id, resource, .create, properties: [], causes: [])
        }
        // A resource that is replaced has another name, and so has whatever names it.
        var replaced: Set<String> = []
        var isDone = false
        while !isDone {
            isDone = true
            for (id, resource) in after {
                guard let other = before[id] else { continue }
                changes[id] = Self.modification(id, from: other, to: resource, replaced: replaced)
                if changes[id]?.effect == .replace, replaced.insert(id).inserted { isDone = false }
            }
        }
        let order = Dictionary(
            uniqueKeysWithValues: Effect.allCases.enumerated().map { ($0.element, $0.offset) })
        func rank(_ change: Change) -> (Int, Int, String) {
            (change.losesState ? 0 : 1, order[change.effect] ?? 0, change.logicalID)
        }
        self.changes = changes.values.sorted { rank($0) < rank($1) }
    }

    /// The changes that lose data, apart from those that were allowed by name.
    public func losses(allowing allowed: Set<String> = []) -> [Change] {
        changes.filter { $0.losesState && !allowed.contains($0.logicalID) }
    }

    private static func change(
        _ id: String, _ resource: TemplateExpression, _ effect: Effect, properties: [String], causes: [String]
    ) -> Change {
        Change(
            logicalID: id, type: resource["Type"]?.stringLiteral ?? "", effect: effect, properties: properties,
            causes: causes, holdsState: resource.resourceHoldsState)
    }

    private static func removal(_ id: String, _ resource: TemplateExpression) -> Change {
        let isRetained = resource["DeletionPolicy"]?.stringLiteral?.hasPrefix("Retain") ?? false
        return change(id, resource, isRetained ? .retain : .delete, properties: [], causes: [])
    }

    private static func modification(
        _ id: String, from old: TemplateExpression, to new: TemplateExpression, replaced: Set<String>
    ) -> Change? {
        let type = new["Type"]?.stringLiteral ?? ""
        if old["Type"] != new["Type"] {
            return change(id, old, .refuse, properties: ["Type"], causes: ["Type"])
        }
        var paths: [String] = []
        differences(
            old["Properties"]?.normalized ?? .object([]), new["Properties"]?.normalized ?? .object([]), "", replaced,
            &paths)
        if paths.isEmpty {
            let policies = ["DeletionPolicy", "UpdateReplacePolicy"].filter { old[$0] != new[$0] }
            return policies.isEmpty ? nil : change(id, new, .update, properties: policies, causes: [])
        }
        if type.hasPrefix("Custom::") || type == "AWS::CloudFormation::CustomResource",
            paths.contains(where: { UpdateRules.touches($0, "ServiceToken") })
        {
            return change(id, old, .refuse, properties: paths, causes: ["ServiceToken"])
        }
        let rules = UpdateRules.rules(ofType: type)
        func touched(_ properties: [String]) -> [String] {
            paths.filter { path in properties.contains { UpdateRules.touches(path, $0) } }
        }
        let replacing = touched(rules?.createOnly ?? [])
        if !replacing.isEmpty { return change(id, new, .replace, properties: paths, causes: replacing) }
        let perhaps = touched(rules?.conditionallyCreateOnly ?? [])
        if !perhaps.isEmpty { return change(id, new, .mayReplace, properties: paths, causes: perhaps) }
        let interrupting = paths.filter { UpdateRules.interrupts($0, ofType: type) }
        let effect: Effect = interrupting.isEmpty ? .update : .updateWithInterruption
        return change(id, new, effect, properties: paths, causes: interrupting)
    }

    /// The paths at which two values differ, down to the members of objects.
    private static func differences(
        _ old: TemplateExpression, _ new: TemplateExpression, _ path: String, _ replaced: Set<String>,
        _ paths: inout [String]
    ) {
        if old == new, replaced.isDisjoint(with: new.usedLogicalIDs) { return }
        func isCall(_ value: TemplateExpression) -> Bool {
            value.members.count == 1 && (value.members[0].name == "Ref" || value.members[0].name.hasPrefix("Fn::"))
        }
        guard case .object(let left) = old, case .object(let right) = new, !isCall(old), !isCall(new) else {
            paths.append(path)
            return
        }
        var names = left.map(\.name)
        for member in right where !names.contains(member.name) { names.append(member.name) }
        for name in names.sorted() {
            differences(
                old[name] ?? .null, new[name] ?? .null, path.isEmpty ? name : "\(path).\(name)", replaced, &paths)
        }
    }
}
