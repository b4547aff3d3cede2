// SPDX-License-Identifier: Apache-2.0

import AWSAPI
public import AuroraResources
public import LambdaRuntime
import Logging

/// Starts and stops a cluster's activity stream (Aurora User Guide, "Monitoring Amazon Aurora with Database Activity
/// Streams").
public struct ActivityStreamHandler: CustomResourceHandler {
    private let environment: FunctionEnvironment

    /// Makes the handler.
    public init(_ environment: FunctionEnvironment) {
        self.environment = environment
    }

    /// Starting can take longer than one invocation may.
    public var continuesInAnotherInvocation: Bool { true }

    /// Starts the stream, unless it runs, and waits for it; one with another key is stopped first.
    public func createOrUpdate(
        _ request: CustomResourceRequest<ActivityStreamProperties>
    ) async throws -> CustomResourceOutcome {
        let properties = request.properties
        let rds = RDSAPI(client: try environment.client())
        do {
            return try await start(properties, rds)
        } catch let error where error is AWSError || error is FunctionError {
            // CloudFormation does not ask for the deletion of what was not created.
            if request.requestType == .create { try? await rds.stopActivityStream(ofCluster: properties.clusterArn) }
            throw error
        }
    }

    private func start(
        _ properties: ActivityStreamProperties, _ rds: RDSAPI
    ) async throws -> CustomResourceOutcome {
        while true {
            guard let stream = try await rds.activityStream(ofCluster: properties.clusterArn) else {
                throw FunctionError.refused("There is no cluster '\(properties.clusterArn)'.")
            }
            switch stream.status {
            case "started" where !Self.isSame(stream.kmsKeyID, properties.kmsKeyId):
                environment.logger.info("stopping the activity stream of \(properties.clusterArn), to change its key")
                try await rds.stopActivityStream(ofCluster: properties.clusterArn)
            case "started":
                let arn = try Self.streamArn(stream, properties.clusterArn)
                return CustomResourceOutcome(
                    physicalResourceID: arn, data: [ActivityStreamProperties.streamArnAttribute: arn])
            case "stopped":
                environment.logger.info("starting the activity stream of \(properties.clusterArn)")
                try await rds.startActivityStream(ofCluster: properties.clusterArn, kmsKeyID: properties.kmsKeyId)
            default: environment.logger.debug("the activity stream is \(stream.status)")
            }
            try await Task.sleep(for: environment.pollingInterval)
        }
    }

    /// Stops the stream; whatever is in the way must not keep a stack from being deleted.
    public func delete(physicalResourceID: String, properties: ActivityStreamProperties?) async throws {
        guard let properties else { return }
        do {
            let rds = RDSAPI(client: try environment.client())
            var isAsked = false
            while let stream = try await rds.activityStream(ofCluster: properties.clusterArn),
                stream.status != "stopped"
            {
                if stream.status == "started", !isAsked {
                    try await rds.stopActivityStream(ofCluster: properties.clusterArn)
                    isAsked = true
                }
                try await Task.sleep(for: environment.pollingInterval)
            }
        } catch let error where !(error is CancellationError) {
            environment.logger.warning("the activity stream of \(properties.clusterArn) was not stopped: \(error)")
        }
    }

    /// Whether two names are of one key: RDS may tell its id where the stack has its ARN.
    private static func isSame(_ key: String?, _ other: String) -> Bool {
        guard let key else { return true }
        return key.split(separator: "/").last == other.split(separator: "/").last
    }

    private static func streamArn(_ stream: RDSAPI.ActivityStream, _ clusterArn: String) throws -> String {
        // arn:PARTITION:rds:REGION:ACCOUNT:cluster:NAME
        let parts = clusterArn.split(separator: ":", omittingEmptySubsequences: false)
        guard let name = stream.kinesisStreamName, parts.count > 5 else {
            throw FunctionError.refused("RDS names no Kinesis stream for '\(clusterArn)'.")
        }
        return "arn:\(parts[1]):kinesis:\(parts[3]):\(parts[4]):stream/\(name)"
    }
}
