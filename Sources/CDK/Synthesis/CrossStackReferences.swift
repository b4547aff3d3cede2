// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import Constructs

/// Spells out uses of elements, and turns those across stacks into exports and imports.
final class CrossStackReferences {
    private var contents: [ObjectIdentifier: StackContent] = [:]
    private var elements: [String: CfnElement] = [:]
    private var exports: [Export: Value<String>] = [:]
    // Why one stack needs another: the first use found, for the message about a cycle.
    private var reasons: [String: String] = [:]

    private struct Export: Hashable {
        let producer: String
        let reference: Reference
    }

    /// Finds all uses across stacks and adds the exports that they need.
    init(_ contents: [StackContent]) throws {
        for content in contents {
            self.contents[ObjectIdentifier(content.stack)] = content
            for entry in content.entries { elements[entry.element.node.path] = entry.element }
        }
        var errors: [Diagnostic] = []
        for content in contents {
            let stack = content.stack
            for entry in content.entries {
                let element = entry.element
                for reference in entry.references {
                    guard let target = elements[reference.target.path] else {
                        errors.append(
                            Diagnostic(
                                .error, path: element.node.path,
                                message: UnresolvedReference(reference: reference).description))
                        continue
                    }
                    if target.stack !== stack {
                        if let problem = export(reference, of: target, to: element, in: stack) {
                            errors.append(problem)
                        }
                    }
                }
            }
        }
        if !errors.isEmpty { throw ValidationError(errors) }
    }

    private func export(
        _ reference: Reference, of target: CfnElement, to user: CfnElement, in stack: Stack
    ) -> Diagnostic? {
        let producer = target.stack
        if producer.environment != stack.environment {
            return Diagnostic(
                .error, path: user.node.path,
                message: "'\(target.node.path)' is in another account or region, and CloudFormation can only import "
                    + "within one: hand its value over as text, or put both stacks into one environment.")
        }
        stack.addDependency(on: producer)
        let reason = "\(user.node.path) uses \(target.node.path)"
        if reasons["\(stack.node.path)>\(producer.node.path)"] == nil {
            reasons["\(stack.node.path)>\(producer.node.path)"] = reason
        }
        let key = Export(producer: producer.node.path, reference: reference)
        if exports[key] != nil { return nil }
        // The names are the CDK's own, as a deployed import would block the removal of an export under another name.
        let scope = producer.node.child("Exports") ?? Construct(producer, "Exports").node
        let spelled = spelling(reference, of: target)
        let id = "Output" + ((try? JSONWriter.compact(spelled)) ?? "")
        let local = UniqueID.make(["Exports", id])
        let prefix = "\(producer.stackName):"
        let name = prefix + String(local.suffix(255 - prefix.count))
        let output = CfnOutput(scope, id, value: Value(reference), exportName: Value(name))
        elements[output.node.path] = output
        contents[ObjectIdentifier(producer)]?.add(output)
        exports[key] = Value(name)
        return nil
    }

    private func spelling(_ reference: Reference, of target: CfnElement) -> TemplateExpression {
        switch reference.attribute {
        case .ref: .intrinsic("Ref", .string(target.logicalID))
        case .named(let name): .intrinsic("Fn::GetAtt", .list([.string(target.logicalID), .string(name)]))
        }
    }

    /// How a use is written in a stack's template.
    func spelling(_ reference: Reference, in stack: Stack) throws -> TemplateExpression {
        guard let target = elements[reference.target.path] else { throw UnresolvedReference(reference: reference) }
        let producer = target.stack
        if producer === stack { return spelling(reference, of: target) }
        guard let name = exports[Export(producer: producer.node.path, reference: reference)] else {
            throw UnresolvedReference(reference: reference)
        }
        return Fn.importValue(name).expression
    }

    /// The stacks that must be deployed before this one.
    func dependencies(of stack: Stack) -> [Stack] { stack.stackDependencies }

    /// The stacks' contents, each stack after those it depends on.
    ///
    /// - Throws: ``ValidationError`` with the path of a cycle, and a use behind each of its steps.
    func ordered(_ stacks: [Stack]) throws -> [StackContent] {
        var done: Set<String> = []
        var ordered: [StackContent] = []
        var trail: [Stack] = []
        func visit(_ stack: Stack) throws {
            if done.contains(stack.node.path) { return }
            if let start = trail.firstIndex(where: { $0 === stack }) {
                throw ValidationError([cycle(Array(trail[start...]) + [stack])])
            }
            trail.append(stack)
            for dependency in stack.stackDependencies { try visit(dependency) }
            trail.removeLast()
            done.insert(stack.node.path)
            if let content = contents[ObjectIdentifier(stack)] { ordered.append(content) }
        }
        for stack in stacks { try visit(stack) }
        return ordered
    }

    private func cycle(_ trail: [Stack]) -> Diagnostic {
        let steps = zip(trail, trail.dropFirst()).map { from, to in
            reasons["\(from.node.path)>\(to.node.path)"] ?? "\(from.node.path) depends on \(to.node.path)"
        }
        return Diagnostic(
            .error, path: trail[0].node.path,
            message: "These stacks wait for each other: " + trail.map(\.stackName).joined(separator: " -> ") + " ("
                + steps.joined(separator: "; ") + "). Move what one of them uses into the other, or into a third.")
    }
}
