// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTP
import Subprocess

/// Finds credentials and a region: in the environment, from the AWS CLI, which knows profiles, SSO and MFA, or from the
/// container or the instance that this runs on.
struct CredentialSource {
    private struct Credentials: Decodable {
        let accessKeyID: String
        let secretAccessKey: String
        let sessionToken: String?

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            accessKeyID = try container.decode(String.self, forKey: .accessKeyID)
            secretAccessKey = try container.decode(String.self, forKey: .secretAccessKey)
            // The AWS CLI calls it by the first name, containers and instances by the second.
            sessionToken =
                try container.decodeIfPresent(String.self, forKey: .sessionToken)
                ?? container.decodeIfPresent(String.self, forKey: .token)
        }

        enum CodingKeys: String, CodingKey {
            case accessKeyID = "AccessKeyId"
            case secretAccessKey = "SecretAccessKey"
            case sessionToken = "SessionToken"
            case token = "Token"
        }
    }

    // A machine that is none of AWS's has nobody at these addresses.
    private static let patience = Duration.seconds(1)
    private static let containerHost = "http://169.254.170.2"
    private static let instanceHost = "http://169.254.169.254"

    let environment: [String: String]
    let profile: String?
    let region: String?
    let http: any HTTPClient

    /// The environment, with credentials and a region in it.
    ///
    /// - Throws: ``CommandError`` where there are none.
    func environment() async throws -> [String: String] {
        // An empty variable is one that is not set, as for every SDK.
        var result = environment.filter { !$0.key.hasPrefix("AWS_") || !$0.value.isEmpty }
        let region = region ?? result["AWS_REGION"] ?? result["AWS_DEFAULT_REGION"]
        if let region {
            result["AWS_REGION"] = region
        } else {
            guard let configured = try await aws("configure", "get", "region")?.output, !configured.isEmpty else {
                throw CommandError("It is not known which region is meant: give --region, or export AWS_REGION=REGION")
            }
            result["AWS_REGION"] = configured
        }
        if profile == nil, environment["AWS_ACCESS_KEY_ID"]?.isEmpty == false { return result }
        let credentials = try await found()
        result["AWS_ACCESS_KEY_ID"] = credentials.accessKeyID
        result["AWS_SECRET_ACCESS_KEY"] = credentials.secretAccessKey
        result["AWS_SESSION_TOKEN"] = credentials.sessionToken
        return result
    }

    private func found() async throws -> Credentials {
        var reason = ""
        if let answer = try await aws("configure", "export-credentials", "--format", "process") {
            if answer.succeeded,
                let credentials = try? JSONDecoder().decode(Credentials.self, from: Data(answer.output.utf8))
            {
                return credentials
            }
            // An AWS CLI of the first generation does not know this, and says how it is used.
            let isUnknown = answer.errors.contains("usage:")
            reason = isUnknown ? "" : answer.errors.split(separator: "\n").last.map(String.init) ?? ""
            let option = profile.map { " --profile \($0)" } ?? ""
            if reason.localizedCaseInsensitiveContains("sso") || reason.localizedCaseInsensitiveContains("expired") {
                throw CommandError("The login of AWS has ended (\(reason)): aws sso login\(option)")
            }
            if let profile {
                throw CommandError(
                    "The profile '\(profile)' gives no credentials (\(reason)): aws configure --profile \(profile)")
            }
        }
        if let credentials = try await ofContainer() { return credentials }
        if let credentials = await ofInstance() { return credentials }
        throw CommandError(
            "There are no credentials of AWS\(reason.isEmpty ? "" : " (\(reason))"): aws sso login, or export "
                + "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    }

    /// Runs the AWS CLI.
    ///
    /// - Returns: What it said; `nil` where it is not installed.
    private func aws(_ arguments: String...) async throws -> (output: String, errors: String, succeeded: Bool)? {
        do {
            let result = try await Subprocess.run(
                .name("aws"), arguments: .init(arguments + (profile.map { ["--profile", $0] } ?? [])),
                output: .string(limit: 65_536), error: .string(limit: 65_536))
            func trimmed(_ text: String?) -> String { (text ?? "").trimmingCharacters(in: .whitespacesAndNewlines) }
            return (trimmed(result.standardOutput), trimmed(result.standardError), result.terminationStatus.isSuccess)
        } catch is SubprocessError {
            return nil
        }
    }

    /// Credentials of a container's task (Amazon ECS Developer Guide, "Task IAM role").
    private func ofContainer() async throws -> Credentials? {
        let relative = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"].map { Self.containerHost + $0 }
        guard let url = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] ?? relative else { return nil }
        let token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        let answer = try await http.send(
            HTTPRequest(.get, url: url, headers: token.map { [("Authorization", $0)] } ?? [], deadline: .seconds(5)))
        return try JSONDecoder().decode(Credentials.self, from: Data(answer.body))
    }

    /// Credentials of an instance's role (Amazon EC2 User Guide, "Use IMDSv2").
    private func ofInstance() async -> Credentials? {
        guard environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() != "true" else { return nil }
        let base = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? Self.instanceHost
        let path = "\(base)/latest/meta-data/iam/security-credentials/"
        func get(_ url: String, _ token: String) async throws -> HTTPResponse {
            try await http.send(
                HTTPRequest(
                    .get, url: url, headers: [("X-aws-ec2-metadata-token", token)], deadline: Self.patience))
        }
        do {
            let token = try await http.send(
                HTTPRequest(
                    .put, url: "\(base)/latest/api/token", headers: [("X-aws-ec2-metadata-token-ttl-seconds", "300")],
                    deadline: Self.patience)
            ).text
            let role = try await get(path, token).text
            let answer = try await get(path + role, token)
            return try JSONDecoder().decode(Credentials.self, from: Data(answer.body))
        } catch {
            return nil
        }
    }
}
