package sts

import (
	"encoding/xml"
	"time"

	"myfsio/iam"
)

const namespace = "https://sts.amazonaws.com/doc/2011-06-15/"

// Documents of https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html
type (
	credentials struct {
		AccessKeyID     string `xml:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Expiration      string
	}
	metadata struct {
		RequestID string `xml:"RequestId"`
	}
	assumedRoleUser struct {
		AssumedRoleID string `xml:"AssumedRoleId"`
		Arn           string
	}
	assumeRoleResult struct {
		Credentials      credentials
		AssumedRoleUser  assumedRoleUser
		PackedPolicySize int `xml:",omitempty"` // percent of what is allowed
	}
	assumeRoleResponse struct {
		XMLName  xml.Name         `xml:"https://sts.amazonaws.com/doc/2011-06-15/ AssumeRoleResponse"`
		Result   assumeRoleResult `xml:"AssumeRoleResult"`
		Metadata metadata         `xml:"ResponseMetadata"`
	}
	getSessionTokenResponse struct {
		XMLName     xml.Name    `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetSessionTokenResponse"`
		Credentials credentials `xml:"GetSessionTokenResult>Credentials"`
		Metadata    metadata    `xml:"ResponseMetadata"`
	}
	callerIdentity struct {
		Arn     string
		UserID  string `xml:"UserId"`
		Account string
	}
	getCallerIdentityResponse struct {
		XMLName  xml.Name       `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
		Result   callerIdentity `xml:"GetCallerIdentityResult"`
		Metadata metadata       `xml:"ResponseMetadata"`
	}
	errorDetail struct {
		Type    string
		Code    string
		Message string
	}
	errorResponse struct {
		XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
		Error     errorDetail
		RequestID string `xml:"RequestId"`
	}
)

func show(t iam.Temporary) credentials {
	return credentials{t.AccessKey, t.SecretKey.Reveal(), t.Token, t.Expires.UTC().Format(time.RFC3339)}
}
