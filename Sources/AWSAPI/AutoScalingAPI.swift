// SPDX-License-Identifier: Apache-2.0

/// The operations of Amazon EC2 Auto Scaling in use (its API Reference).
public struct AutoScalingAPI: Sendable {
    private static let version = "2011-01-01"

    /// A group of instances.
    public struct Group: Sendable, Equatable {
        /// How many instances there should be.
        public let desiredCapacity: Int
        /// The instances that are in service.
        public let instancesInService: [String]
    }

    private let client: AWSClient

    /// Uses a client.
    public init(client: AWSClient) {
        self.client = client
    }

    private func call(_ action: String, _ parameters: [(name: String, value: String)]) async throws -> XMLElement {
        try await client.document(
            "autoscaling", variable: "AUTO_SCALING", [("Action", action), ("Version", Self.version)] + parameters)
    }

    /// Looks at a group.
    ///
    /// - Parameter name: Its name.
    /// - Returns: The group; `nil` where there is none of that name.
    /// - Throws: ``AWSError``, `HTTPError`.
    public func group(named name: String) async throws -> Group? {
        let answer = try await call("DescribeAutoScalingGroups", [("AutoScalingGroupNames.member.1", name)])
        guard let group = answer.first("AutoScalingGroups")?.children.first else { return nil }
        let instances = group.members("Instances").filter { $0.text("LifecycleState") == "InService" }
        return Group(
            desiredCapacity: group.text("DesiredCapacity").flatMap { Int($0) } ?? 0,
            instancesInService: instances.compactMap { $0.text("InstanceId") })
    }

    /// Says how many instances there should be, from now on.
    ///
    /// - Throws: ``AWSError``, `HTTPError`.
    public func setDesiredCapacity(_ capacity: Int, ofGroup name: String) async throws {
        _ = try await call(
            "SetDesiredCapacity",
            [("AutoScalingGroupName", name), ("DesiredCapacity", String(capacity)), ("HonorCooldown", "false")])
    }
}
