// SPDX-License-Identifier: Apache-2.0

import AuroraFunctions
import AuroraResources
import CloudFormation
import LambdaRuntime
import PostgreSQL

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension LocalStack {
    func runCustomResources(
        _ evaluator: TemplateEvaluator, _ state: inout LocalState, _ progress: (String) -> Void
    ) async throws -> [Report.Step] {
        var steps: [Report.Step] = []
        let resources = evaluator.template.customResources
        for resource in resources {
            progress("Running \(resource.type) \(resource.logicalID)")
            let response = try await run(resource, evaluator, before: state.resources[resource.logicalID])
            guard response.status == .success else {
                throw LocalStackError.failed(
                    resource: resource.logicalID, reason: response.reason ?? "no reason was given")
            }
            state.resources[resource.logicalID] = .init(
                type: resource.type, physicalID: response.physicalResourceID,
                properties: try JSONWriter.compact(try properties(of: resource, evaluator)))
            let changes = response.data["statements"] ?? response.data["changes"]
            steps.append(
                .init(
                    resource: resource.logicalID, physicalID: response.physicalResourceID,
                    changes: changes.flatMap { Int($0) } ?? 0))
        }
        // What left the template is deleted last, as CloudFormation does it.
        let declared = Set(resources.map(\.logicalID))
        for id in state.resources.keys.sorted() where !declared.contains(id) { state.resources[id] = nil }
        return steps
    }

    func properties(
        of resource: LocalTemplate.Resource, _ evaluator: TemplateEvaluator
    ) throws -> TemplateExpression {
        try evaluator.evaluate(resource.properties, of: resource.logicalID)
    }

    /// Runs a custom resource's handler: CloudFormation's request in, the answer to it out.
    func run(
        _ resource: LocalTemplate.Resource, _ evaluator: TemplateEvaluator, before: LocalState.Resource?
    ) async throws -> CustomResourceResponse {
        let function = try evaluator.function(of: resource)
        guard
            let handler = try evaluator.text(function.properties["Handler"], of: function.logicalID)
                .flatMap(HandlerName.init)
        else {
            throw LocalStackError.unsupported(resource: function.logicalID, what: "a handler that is not Aurora's")
        }
        var variables: [String: String] = [:]
        for member in function.properties["Environment"]?["Variables"]?.members ?? [] {
            variables[member.name] = try evaluator.text(member.value, of: function.logicalID)
        }
        var request: [TemplateExpression.Member] = [
            .init("RequestType", before == nil ? "Create" : "Update"),
            .init("RequestId", .string(UUID().uuidString)),
            .init("StackId", .string("arn:aws:cloudformation:local:000000000000:stack/\(name)/local")),
            .init("LogicalResourceId", .string(resource.logicalID)),
            .init("ResourceType", .string(resource.type)),
            .init("ResourceProperties", try properties(of: resource, evaluator)),
        ]
        if let before {
            request.append(.init("PhysicalResourceId", .string(before.physicalID)))
            request.append(
                .init("OldResourceProperties", try TemplateExpression.parse(json: Data(before.properties.utf8))))
        }
        let functions = FunctionEnvironment(
            variables: variables, secrets: secrets, tls: .disable, patience: .seconds(6), logger: logger)
        return try await functions.answer(handler, Array(try JSONWriter.compact(.object(request)).utf8))
    }
}
