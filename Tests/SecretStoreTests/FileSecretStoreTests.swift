// SPDX-License-Identifier: Apache-2.0

import Foundation
import SecretStore
import Testing

@Suite("The file store")
struct FileSecretStoreTests {
    private let store = FileSecretStore(
        directory: FileManager.default.temporaryDirectory.appending(path: "secrets-\(UUID().uuidString)").path)

    @Test("moves labels as Secrets Manager does")
    func labels() async throws {
        let arn = try store.create("demo", value: "one", versionID: "v1")
        try await store.put("two", for: arn, versionID: "v2", stages: [VersionStage.pending])
        #expect(try await store.value(of: arn, stage: VersionStage.current).value == "one")
        #expect(try await store.value(of: arn, versionID: "v2", stage: VersionStage.pending).value == "two")
        try await store.moveStage(VersionStage.current, of: arn, to: "v2", from: "v1")
        #expect(try await store.value(of: "demo", stage: VersionStage.current).value == "two")
        #expect(try await store.value(of: "demo", stage: VersionStage.previous).value == "one")
        try await store.moveStage(VersionStage.pending, of: arn, to: nil, from: "v2")
        #expect(try await store.describe(arn).stages == ["v1": [VersionStage.previous], "v2": [VersionStage.current]])
    }

    @Test("leaves no label behind that a rotation would wait for")
    func replacing() async throws {
        let arn = try store.create("demo", value: "one", versionID: "v1")
        try await store.put("two", for: arn, versionID: "v2", stages: [VersionStage.pending])
        // A rotation is under way: its version keeps the label.
        try await store.replaceCurrent("one, mended", of: arn, versionID: "v3")
        #expect(try await store.value(of: arn, versionID: "v2", stage: VersionStage.pending).value == "two")
        // It is over, and the label is still there.
        try await store.moveStage(VersionStage.current, of: arn, to: "v2", from: "v3")
        try await store.replaceCurrent("two, mended", of: arn, versionID: "v4")
        #expect(
            try await store.describe(arn).stages["v4"] == [VersionStage.current, VersionStage.pending])
        #expect(try await store.describe(arn).stages["v2"] == [VersionStage.previous])
    }

    @Test("takes the same version twice, and refuses another value for it")
    func idempotent() async throws {
        try store.create("demo", value: "one", versionID: "v1")
        try await store.put("one", for: "demo", versionID: "v1", stages: [VersionStage.current])
        await #expect(throws: SecretStoreError.versionExists(secret: "demo", versionID: "v1")) {
            try await store.put("other", for: "demo", versionID: "v1", stages: [VersionStage.current])
        }
        #expect(throws: SecretStoreError.secretExists(secret: "demo")) { try store.create("demo", value: "x") }
        await #expect(throws: SecretStoreError.self) { try await store.value(of: "other", stage: VersionStage.current) }
    }

    @Test(
        "keeps files that only their owner can read, whatever the secret is called",
        arguments: [
            "plain", "a/b", "../up", "with space", "Ünïcödé 🎉", "%2F", ".", "..",
        ])
    func files(name: String) async throws {
        try store.create(name, value: "hidden")
        #expect(try store.names == [name])
        #expect(try await store.value(of: name, stage: VersionStage.current).value == "hidden")
        let files = try FileManager.default.contentsOfDirectory(atPath: store.directory)
        for file in files {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(store.directory)/\(file)")
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
        let folder = try FileManager.default.attributesOfItem(atPath: store.directory)
        #expect(folder[.posixPermissions] as? Int == 0o700)
    }

    @Test("loses nothing when many write at once")
    func concurrent() async throws {
        try store.create("demo", value: "start", versionID: "start")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<40 {
                group.addTask {
                    try await store.put("\(index)", for: "demo", versionID: "v\(index)", stages: ["LABEL\(index)"])
                }
            }
            try await group.waitForAll()
        }
        let stages = try await store.describe("demo").stages
        #expect(stages.count == 41)
    }

    @Test("leaves the old value where a new one cannot be written")
    func full() async throws {
        // A device that is always full stands for a disk that is.
        #expect(throws: SecretStoreError.self) {
            try FileSecretStore(directory: "/dev/full/secrets").create("demo", value: "x")
        }
    }
}

@Suite("Passwords")
struct PasswordRulesTests {
    @Test("have the length, a character of each kind, and none that is excluded")
    func rules() throws {
        let excluded = " %+~`#$&*()|[]{}:;<>?!'/@\"\\"
        var generator = SystemRandomNumberGenerator()
        for length in [4, 30, 4096] {
            let password = try PasswordRules(length: length, excludeCharacters: excluded).password(using: &generator)
            #expect(password.count == length)
            #expect(password.allSatisfy { !excluded.contains($0) })
            #expect(password.contains(where: \.isLowercase) && password.contains(where: \.isUppercase))
            #expect(password.contains(where: \.isNumber) && password.contains { $0.isPunctuation || $0.isSymbol })
        }
    }

    @Test("that cannot be are refused", arguments: [(0, ""), (4097, ""), (3, "")])
    func impossible(length: Int, excluded: String) {
        var generator = SystemRandomNumberGenerator()
        #expect(throws: SecretStoreError.self) {
            try PasswordRules(length: length, excludeCharacters: excluded).password(using: &generator)
        }
    }
}

@Suite("Credentials")
struct DatabaseCredentialsTests {
    @Test("keep what they do not know, and numbers as numbers")
    func members() throws {
        var credentials = try DatabaseCredentials(
            value: #"{"username":"a","password":"p","port":6432,"team":"storage","fast":true,"x":[null,{"y":0.5}]}"#,
            secret: "demo")
        #expect(credentials.port == 6432)
        credentials.host = "h"
        #expect(
            credentials.value
                == #"{"fast":true,"host":"h","password":"p","port":6432,"team":"storage","username":"a","x":[null,{"y":0.5}]}"#
        )
    }

    @Test(
        "are refused where something is missing, without showing what is there",
        arguments: [
            "", "not json hidden", "[]", #"{"username":"hidden"}"#, #"{"password":"hidden"}"#,
            #"{"username":"","password":"hidden"}"#,
            #"{"username":["a"],"password":"hidden"}"#, #"{"username":"a","password":null}"#,
        ])
    func malformed(value: String) {
        let error = #expect(throws: SecretStoreError.self) { try DatabaseCredentials(value: value, secret: "demo") }
        #expect(!"\(String(describing: error))".contains("hidden"))
    }

    @Test("show the password to nobody")
    func redacted() throws {
        let credentials = try DatabaseCredentials(value: #"{"username":"a","password":"hidden"}"#, secret: "demo")
        var dumped = ""
        dump(credentials, to: &dumped)
        #expect(!"\(credentials) \(String(reflecting: credentials)) \(dumped)".contains("hidden"))
        let version = SecretVersion(id: "v1", value: "hidden", stages: [])
        #expect(!"\(version)".contains("hidden"))
    }
}
