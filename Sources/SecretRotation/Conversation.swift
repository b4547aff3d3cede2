// SPDX-License-Identifier: Apache-2.0

import SecretStore

/// What was asked and answered so far; the first question without an answer ends it.
struct Conversation {
    typealias Call = RotationMachine.Call

    enum Stop: Error {
        case question(Call)
        case refusal(RotationRefusal)
    }

    private var answers: ArraySlice<RotationMachine.Outcome>
    /// The secret, once it was described.
    private(set) var description: SecretDescription?
    private var currentVersionID: String {
        description?.stages.first { $0.value.contains(VersionStage.current) }?.key ?? ""
    }

    init(answers: ArraySlice<RotationMachine.Outcome>) { self.answers = answers }

    private mutating func ask(_ call: Call) throws(Stop) -> RotationMachine.Outcome {
        guard let answer = answers.popFirst() else { throw .question(call) }
        return answer
    }

    private func unexpected(_ call: String) -> Never {
        preconditionFailure("the driver gave an answer that does not fit the question: \(call)")
    }

    mutating func describe(_ secret: String) throws(Stop) -> SecretDescription {
        guard case .described(let description) = try ask(.describe(secret: secret)) else { unexpected("describe") }
        self.description = description
        return description
    }

    mutating func read(
        _ secret: String, versionID: String? = nil, stage: String
    ) throws(Stop) -> DatabaseCredentials? {
        switch try ask(.read(secret: secret, versionID: versionID, stage: stage)) {
        case .credentials(let credentials): return credentials
        case .missing: return nil
        default: unexpected("read")
        }
    }

    /// - Returns: Whether it was written; somebody else may have written the same version with another value.
    mutating func put(
        _ credentials: DatabaseCredentials, to secret: String, versionID: String?, stage: String
    ) throws(Stop) -> Bool {
        try ask(.put(secret: secret, versionID: versionID, credentials: credentials, stage: stage)) != .exists
    }

    mutating func makeCurrent(_ secret: String, _ versionID: String) throws(Stop) {
        _ = try ask(.makeCurrent(secret: secret, versionID: versionID, from: currentVersionID))
    }

    mutating func password(_ rules: PasswordRules) throws(Stop) -> String {
        guard case .password(let password) = try ask(.makePassword(rules)) else { unexpected("makePassword") }
        return password
    }

    mutating func logsIn(_ credentials: DatabaseCredentials) throws(Stop) -> Bool {
        try ask(.logIn(credentials)) == .loginWorks(true)
    }

    /// - Returns: Whether the login works; else nothing is locked.
    mutating func lock(by credentials: DatabaseCredentials) throws(Stop) -> Bool {
        try ask(.lock(by: credentials)) == .loginWorks(true)
    }

    mutating func setPassword(_ credentials: DatabaseCredentials, like other: String) throws(Stop) {
        _ = try ask(.setPassword(credentials, like: other))
    }

    mutating func resetManager(_ credentials: DatabaseCredentials) throws(Stop) {
        _ = try ask(.resetManager(credentials))
    }

    mutating func unlock() throws(Stop) { _ = try ask(.unlock) }
}
