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
            steps.append(
                .init(
                    resource: resource.logicalID, physicalID: response.physicalResourceID,
                    changes: response.changes))
        }
        // What left the template is deleted last, as CloudFormation does it.
        let declared = Set(resources.map(\.logicalID))
        for (id, resource) in state.resources.sorted(by: { $0.key < $1.key }) where !declared.contains(id) {
            progress("Deleting \(resource.type) \(id)")
            let response = try await delete(resource, logicalID: id, state)
            guard response.status == .success else {
                throw LocalStackError.failed(resource: id, reason: response.reason ?? "no reason was given")
            }
            state.resources[id] = nil
        }
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
        let variables = try evaluator.variables(of: function)
        var request = self.request(
            before == nil ? "Create" : "Update", resource.logicalID, resource.type,
            try properties(of: resource, evaluator))
        if let before {
            request.append(.init("PhysicalResourceId", .string(before.physicalID)))
            request.append(
                .init("OldResourceProperties", try TemplateExpression.parse(json: Data(before.properties.utf8))))
        }
        return try await answer(handler, request, variables)
    }

    /// Tells a custom resource's handler that the resource has left the template.
    private func delete(
        _ resource: LocalState.Resource, logicalID: String, _ state: LocalState
    ) async throws -> CustomResourceResponse {
        // Its function may have left the template as well; what it was told is known without it.
        let variables = [FunctionVariable.managerSecretArn.rawValue: state.managerSecret]
        let handler: HandlerName = resource.type == CustomResourceTypes.database ? .database : .user
        var request = self.request(
            "Delete", logicalID, resource.type, try TemplateExpression.parse(json: Data(resource.properties.utf8)))
        request.append(.init("PhysicalResourceId", .string(resource.physicalID)))
        return try await answer(handler, request, variables)
    }

    /// What CloudFormation sends.
    private func request(
        _ type: String, _ logicalID: String, _ resourceType: String, _ properties: TemplateExpression
    ) -> [TemplateExpression.Member] {
        [
            .init("RequestType", .string(type)),
            .init("RequestId", .string(UUID().uuidString)),
            .init("StackId", .string("arn:aws:cloudformation:local:000000000000:stack/\(name)/local")),
            .init("LogicalResourceId", .string(logicalID)),
            .init("ResourceType", .string(resourceType)),
            .init("ResourceProperties", properties),
        ]
    }

    private func answer(
        _ handler: HandlerName, _ request: [TemplateExpression.Member], _ variables: [String: String]
    ) async throws -> CustomResourceResponse {
        let functions = FunctionEnvironment(
            variables: variables, secrets: secrets, tls: .disable, patience: .seconds(6), logger: logger)
        return try await functions.answer(handler, Array(try JSONWriter.compact(.object(request)).utf8))
    }
}
