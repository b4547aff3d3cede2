// SPDX-License-Identifier: Apache-2.0

import AWSAPI
import ArgumentParser
import Foundation
import HTTP

/// What all commands take that ask AWS.
struct AWSOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The profile of the AWS CLI; the environment's credentials by default.", valueName: "name"))
    var profile: String?

    @Option(help: ArgumentHelp("The region; the environment's or the profile's by default.", valueName: "name"))
    var region: String?

    /// A client with credentials from the environment, else from the AWS CLI, else from where this runs.
    ///
    /// - Parameter verbose: Whether every call is shown.
    /// - Returns: The client.
    /// - Throws: ``CommandError`` with the command that mends it.
    func client(verbose: Bool) async throws -> AWSClient {
        let http: any HTTPClient = verbose ? TalkingClient(base: CurlClient()) : CurlClient()
        let environment = try await CredentialSource(
            environment: ProcessInfo.processInfo.environment, profile: profile, region: region, http: http
        ).environment()
        return try AWSClient(http: http, environment: environment)
    }
}

/// Shows which calls are made, and nothing of what they say.
private struct TalkingClient: HTTPClient {
    let base: CurlClient

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let target = request.headers.first { $0.name == "X-Amz-Target" }?.value
        let form = String(decoding: request.body.prefix(64), as: UTF8.self)
        let action = target ?? (form.hasPrefix("Action=") ? String(form.dropFirst(7).prefix { $0 != "&" }) : "")
        let response = try await base.send(request)
        printError("debug: \(request.signature?.service ?? "http") \(action): status \(response.status)")
        return response
    }
}

/// Says what mends an error of AWS, for a command that asked about a stack.
///
/// - Parameters:
///   - stack: The stack.
///   - region: Where it was looked for.
///   - body: What asks.
/// - Returns: What it returns.
/// - Throws: ``CommandError`` for errors of AWS, and whatever else it throws.
func explainingAWSErrors<Result>(
    stack: String, region: String, _ body: () async throws -> Result
) async throws -> Result {
    do {
        return try await body()
    } catch let error as AWSError {
        throw CommandError(AWSAdvice.text(for: error, stack: stack, region: region))
    } catch let error as HTTPError {
        throw CommandError(
            "AWS cannot be reached (\(error)): look at the network, and at AWS_REGION and AWS_ENDPOINT_URL.")
    }
}

/// What to do about errors of AWS.
enum AWSAdvice {
    static func text(for error: AWSError, stack: String, region: String) -> String {
        switch error.code {
        case "ValidationError" where error.message.contains("does not exist"):
            return
                "There is no stack '\(stack)' in \(region): choose another region with --region, or look for it with "
                + "aws cloudformation list-stacks --region \(region) --query 'StackSummaries[].StackName'"
        case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
            return "The credentials have expired: log in again with aws sso login, or set new ones, and run this again."
        case "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "AuthFailure":
            return "AWS does not accept the credentials (\(error.message)): see whose they are with "
                + "aws sts get-caller-identity"
        case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation":
            // … is not authorized to perform: ssm:StartSession on resource: …
            let place = error.message.firstRange(of: "perform: ")?.upperBound
            let action = place.map { String(error.message[$0...].prefix { !$0.isWhitespace }) } ?? "it"
            return "You may not do that (\(error.message)): have \(action) allowed to you."
        case "TargetNotConnected":
            return
                "The jump box's agent is not connected (\(error.message)): its subnet needs a way to Systems Manager, "
                + "a NAT gateway or endpoints for ssm and ssmmessages."
        default: return "\(error)"
        }
    }
}
