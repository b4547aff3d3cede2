// SPDX-License-Identifier: Apache-2.0

import AWSAPI
import Foundation

/// AWS's program that carries the data of sessions.
struct SessionManagerPlugin {
    // From this version on it reads the session from the environment, which others cannot see (AWS Systems Manager User
    // Guide, "Session Manager plugin latest version and release history").
    private static let firstWithEnvironment = "1.2.497.0"
    private static let variable = "AWS_SSM_START_SESSION_RESPONSE"

    /// A program with its arguments, and what it finds in its environment besides.
    struct Invocation {
        let executable: String
        let arguments: [String]
        let environment: [String: String]
    }

    let path: String
    private let readsEnvironment: Bool

    /// Finds the program.
    ///
    /// - Throws: ``CommandError`` with how to get it on this system.
    static func find(_ environment: [String: String]) throws -> SessionManagerPlugin {
        let name = "session-manager-plugin"
        let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        for folder in folders + ["/usr/local/sessionmanagerplugin/bin"] {
            let path = "\(folder)/\(name)"
            guard FileManager.default.isExecutableFile(atPath: path) else { continue }
            return SessionManagerPlugin(path: path, readsEnvironment: isNewEnough(version(of: path)))
        }
        throw CommandError("The session-manager-plugin is missing: \(howToInstall)")
    }

    private static func version(of path: String) -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["--version"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return "" }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func isNewEnough(_ version: String) -> Bool {
        version.compare(firstWithEnvironment, options: .numeric) != .orderedAscending
    }

    private static var howToInstall: String {
        #if os(macOS)
            return "brew install --cask session-manager-plugin"
        #else
            #if arch(arm64)
                let (debian, fedora) = ("ubuntu_arm64", "linux_arm64")
            #else
                let (debian, fedora) = ("ubuntu_64bit", "linux_64bit")
            #endif
            let place = "https://s3.amazonaws.com/session-manager-downloads/plugin/latest"
            if FileManager.default.fileExists(atPath: "/etc/debian_version") {
                return
                    "curl -O \(place)/\(debian)/session-manager-plugin.deb && sudo dpkg -i session-manager-plugin.deb"
            }
            return "sudo dnf install -y \(place)/\(fedora)/session-manager-plugin.rpm"
        #endif
    }

    /// How it is called for a session, as the AWS CLI calls it.
    func invocation(
        _ session: SSMAPI.Session, instance: String, document: String, parameters: [String: [String]],
        region: String, profile: String?, endpoint: String
    ) throws -> Invocation {
        struct Request: Encodable {
            // The wire's own names.
            // swift-format-ignore: AlwaysUseLowerCamelCase
            let Target: String
            // swift-format-ignore: AlwaysUseLowerCamelCase
            let DocumentName: String
            // swift-format-ignore: AlwaysUseLowerCamelCase
            let Parameters: [String: [String]]
        }
        func json(_ value: some Encodable) throws -> String {
            String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
        }
        let response = try json(session)
        let request = try json(Request(Target: instance, DocumentName: document, Parameters: parameters))
        return Invocation(
            executable: path,
            arguments: [
                readsEnvironment ? Self.variable : response, region, "StartSession", profile ?? "", request, endpoint,
            ], environment: readsEnvironment ? [Self.variable: response] : [:])
    }
}
