/** As without a paywall. */
import { execute, subscribe } from 'graphql';

/** @param {import('graphql').ExecutionArgs} args */
export const executePaid = async (args) => execute(args);
/** @param {import('graphql').ExecutionArgs} args */
export const subscribePaid = async (args) => subscribe(args);
