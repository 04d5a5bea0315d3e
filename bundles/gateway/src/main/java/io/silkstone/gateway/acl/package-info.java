/**
 * Who may do what: users with passwords (PBKDF2 with salt, never kept in clear), commands and key
 * patterns, in the rule language of Redis's ACL. Start at {@link
 * io.silkstone.gateway.acl.AclUsers}.
 */
package io.silkstone.gateway.acl;
