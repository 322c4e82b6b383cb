import type { MessageShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { type SwapUnitRequest, SwapUnitResponseSchema } from "#gen/medport/ems/v1/dispatch_service_pb.ts";
import { type AssignUnitDeps, putUnitOnTrip } from "./assign-unit.rpc.ts";
import { messageFromAssignment } from "./assignment.message.ts";
import { maySwapUnit } from "./swap-unit.ts";

/**
 * Puts another unit of the agency on a trip before the pickup: the new unit is held, Hospital told, and then the former
 * one is free. As long as Hospital's answer is not known both are kept from other trips; the system asks again on its own,
 * and so may the caller.
 */
export async function swapUnit(
  deps: AssignUnitDeps,
  request: SwapUnitRequest,
  context: HandlerContext,
): Promise<MessageShape<typeof SwapUnitResponseSchema>> {
  return putUnitOnTrip(deps, context, {
    request,
    output: SwapUnitResponseSchema,
    rule: maySwapUnit,
    answer: (assignment) => ({ assignment: messageFromAssignment(assignment) }),
  });
}
