// SPDX-License-Identifier: Apache-2.0

import AWSAPI
import Foundation

/// What a deployed function says, as far as that may be read.
struct FunctionLog {
    /// A line of the log.
    struct Line: Decodable {
        let level: String
        let message: String

        var isError: Bool { level == "error" || level == "critical" }
    }

    private let group: String?
    private let client: AWSClient

    /// Finds the log.
    ///
    /// - Parameters:
    ///   - stack: The stack.
    ///   - function: The last part of the function's logical id, before the hash.
    ///   - client: What asks AWS.
    init(stack: String, function: String, client: AWSClient) async {
        self.client = client
        let resources = try? await CloudFormationAPI(client: client).resources(ofStack: stack)
        group =
            resources?.first {
                $0.type == "AWS::Logs::LogGroup" && $0.logicalID.contains("\(function)LogGroup")
            }?.physicalID
    }

    /// The lines from a moment on, oldest first; none where the log cannot be read.
    func lines(since start: Date) async -> [Line] {
        guard let group else { return [] }
        let events = try? await LogsAPI(client: client).events(ofGroup: group, since: start)
        return (events ?? []).compactMap { try? JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }
}
