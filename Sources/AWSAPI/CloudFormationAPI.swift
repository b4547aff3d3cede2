// SPDX-License-Identifier: Apache-2.0

/// The operations of AWS CloudFormation in use (its API Reference).
public struct CloudFormationAPI: Sendable {
    private static let version = "2010-05-15"

    /// A resource of a deployed stack.
    public struct Resource: Sendable, Equatable {
        /// Its name in the template.
        public let logicalID: String
        /// Its type.
        public let type: String
        /// What it is called in its service; `nil` while it is not made.
        public let physicalID: String?
    }

    private let client: AWSClient

    /// Uses a client.
    public init(client: AWSClient) {
        self.client = client
    }

    private func call(_ action: String, _ parameters: [(name: String, value: String)]) async throws -> XMLElement {
        try await client.document(
            "cloudformation", variable: "CLOUDFORMATION",
            [("Action", action), ("Version", Self.version)] + parameters)
    }

    /// Reads a stack's outputs by name.
    ///
    /// - Throws: ``AWSError``, with the code `ValidationError` where there is no such stack; `HTTPError`.
    public func outputs(ofStack stack: String) async throws -> [String: String] {
        let answer = try await call("DescribeStacks", [("StackName", stack)])
        let found = answer.first("Stacks")?.children.first
        let pairs = (found?.members("Outputs") ?? []).compactMap { output -> (String, String)? in
            guard let key = output.text("OutputKey"), let value = output.text("OutputValue") else { return nil }
            return (key, value)
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    /// Lists a stack's resources, whatever their number.
    ///
    /// - Throws: ``AWSError``, with the code `ValidationError` where there is no such stack; `HTTPError`.
    public func resources(ofStack stack: String) async throws -> [Resource] {
        var resources: [Resource] = []
        var token: String?
        repeat {
            let answer = try await call(
                "ListStackResources", [("StackName", stack)] + (token.map { [("NextToken", $0)] } ?? []))
            let result = answer.first("ListStackResourcesResult")
            resources += (result?.members("StackResourceSummaries") ?? []).map {
                Resource(
                    logicalID: $0.text("LogicalResourceId") ?? "", type: $0.text("ResourceType") ?? "",
                    physicalID: $0.text("PhysicalResourceId"))
            }
            token = result?.text("NextToken").flatMap { $0.isEmpty ? nil : $0 }
        } while token != nil
        return resources
    }
}
