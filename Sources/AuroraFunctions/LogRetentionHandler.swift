// SPDX-License-Identifier: Apache-2.0

import AWSAPI
public import AuroraResources
public import LambdaRuntime
import Logging

/// Limits how long a log group keeps its events that AWS makes by itself.
public struct LogRetentionHandler: CustomResourceHandler {
    // CloudWatch Logs refuses a second change to the same group at the same time.
    private static let attempts = 5

    private let environment: FunctionEnvironment

    /// Makes the handler.
    public init(_ environment: FunctionEnvironment) {
        self.environment = environment
    }

    /// Makes the log group where it is missing, and sets its retention.
    public func createOrUpdate(
        _ request: CustomResourceRequest<LogRetentionProperties>
    ) async throws -> CustomResourceOutcome {
        let properties = request.properties
        guard let days = Int(properties.retentionInDays), days > 0 else {
            throw FunctionError.refused(
                "The property retentionInDays is '\(properties.retentionInDays)': give a number of days.")
        }
        let logs = LogsAPI(client: try environment.client())
        try await Self.retrying { try await logs.createLogGroup(properties.logGroupName) }
        try await Self.retrying { try await logs.putRetentionPolicy(properties.logGroupName, days: days) }
        environment.logger.info("\(properties.logGroupName) keeps its events for \(days) days")
        return CustomResourceOutcome(physicalResourceID: properties.logGroupName)
    }

    /// Does nothing: the logs are there to be read afterwards.
    public func delete(physicalResourceID: String, properties: LogRetentionProperties?) async throws {}

    private static func retrying(_ body: () async throws -> Void) async throws {
        for attempt in 1... {
            do {
                return try await body()
            } catch let error as AWSError where error.code == "OperationAbortedException" && attempt < attempts {
                try await Task.sleep(for: .milliseconds(200 * attempt))
            }
        }
    }
}
