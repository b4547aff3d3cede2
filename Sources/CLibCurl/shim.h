// SPDX-License-Identifier: Apache-2.0
//
// libcurl's setters and getters are variadic, which Swift does not import:
// one function for each type of argument makes them callable.
#pragma once
#include <curl/curl.h>

static inline CURLcode aurora_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode aurora_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode aurora_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode aurora_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

typedef size_t (*aurora_curl_data_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode aurora_curl_set_callback(CURL *handle, CURLoption option, aurora_curl_data_callback value) {
    return curl_easy_setopt(handle, option, value);
}

typedef int (*aurora_curl_progress_callback)(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d);

static inline CURLcode aurora_curl_set_progress_callback(CURL *handle, aurora_curl_progress_callback value) {
    return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, value);
}

static inline CURLcode aurora_curl_response_code(CURL *handle, long *code) {
    return curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, code);
}
