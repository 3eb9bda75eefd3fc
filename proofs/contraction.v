(** * The contraction theorem

    A reported matrix G is contracted with a direction E: ⟨G, E⟩ = Σ_ij G_ij E_ij.  It is a valid
    gradient, S being one, if it gives what S gives in every symmetric direction.  Over every
    commutative ring and for every n, that is so exactly if G − S is skew. *)

From mathcomp Require Import all_ssreflect all_algebra.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory.
Local Open Scope ring_scope.

Reserved Notation "⟨ G , E ⟩" (at level 0, G, E at level 99, format "⟨ G ,  E ⟩").

(** The Frobenius inner product. *)
Definition frob (R : comRingType) (m n : nat) (G E : 'M[R]_(m, n)) : R :=
  \sum_i \sum_j G i j * E i j.

Notation "⟨ G , E ⟩" := (frob G E) : ring_scope.

Section Frobenius.

Variables (R : comRingType) (m n : nat).
Implicit Types G E : 'M[R]_(m, n).

(** ⟨G, E⟩ = tr(Gᵀ E). *)
Theorem frob_trace G E : ⟨G, E⟩ = \tr (G^T *m E).
Proof.
rewrite /frob exchange_big; apply: eq_bigr => j _.
by rewrite mxE; apply: eq_bigr => i _; rewrite mxE.
Qed.

Lemma frobC G E : ⟨G, E⟩ = ⟨E, G⟩.
Proof. by do 2!apply: eq_bigr => ? _; rewrite mulrC. Qed.

Lemma frob_tr G E : ⟨G^T, E^T⟩ = ⟨G, E⟩.
Proof. by rewrite /frob exchange_big; do 2!apply: eq_bigr => ? _; rewrite !mxE. Qed.

Lemma frobDl G H E : ⟨G + H, E⟩ = ⟨G, E⟩ + ⟨H, E⟩.
Proof. by rewrite !frob_trace linearD mulmxDl linearD. Qed.

Lemma frobNl G E : ⟨- G, E⟩ = - ⟨G, E⟩.
Proof. by rewrite !frob_trace linearN mulNmx linearN. Qed.

Lemma frobBl G H E : ⟨G - H, E⟩ = ⟨G, E⟩ - ⟨H, E⟩.
Proof. by rewrite frobDl frobNl. Qed.

Lemma frobZl a G E : ⟨a *: G, E⟩ = a * ⟨G, E⟩.
Proof. by rewrite !frob_trace linearZ -scalemxAl linearZ. Qed.

Lemma frobDr G E F : ⟨G, E + F⟩ = ⟨G, E⟩ + ⟨G, F⟩.
Proof. by rewrite ![⟨G, _⟩]frobC frobDl. Qed.

Lemma frobNr G E : ⟨G, - E⟩ = - ⟨G, E⟩.
Proof. by rewrite ![⟨G, _⟩]frobC frobNl. Qed.

Lemma frobBr G E F : ⟨G, E - F⟩ = ⟨G, E⟩ - ⟨G, F⟩.
Proof. by rewrite frobDr frobNr. Qed.

Lemma frobZr a G E : ⟨G, a *: E⟩ = a * ⟨G, E⟩.
Proof. by rewrite ![⟨G, _⟩]frobC frobZl. Qed.

Lemma frob_sumr (I : finType) G (F : I -> 'M[R]_(m, n)) : ⟨G, \sum_k F k⟩ = \sum_k ⟨G, F k⟩.
Proof.
rewrite frob_trace mulmx_sumr linear_sum.
by apply: eq_bigr => k _; rewrite frob_trace.
Qed.

(** Paired with the matrix unit at (i, j), G gives its entry there. *)
Lemma frob_delta G i j : ⟨G, delta_mx i j⟩ = G i j.
Proof.
rewrite /frob (bigD1 i) //= (bigD1 j) //= mxE !eqxx mulr1.
rewrite !big1 ?addr0 // => [k /negPf ne_ki | l /negPf ne_lj].
  by apply: big1 => l _; rewrite mxE ne_ki mulr0.
by rewrite mxE ne_lj andbF mulr0.
Qed.

End Frobenius.

(** A double sum is its diagonal and, below it, the pairs of mirror images. *)
Lemma sum_triangles (V : zmodType) n (f : 'I_n -> 'I_n -> V) :
  \sum_i \sum_j f i j = \sum_i f i i + \sum_(i < n) \sum_(j < n | (j < i)%N) (f i j + f j i).
Proof.
pose below := \sum_(i < n) \sum_(j < n | (j < i)%N) f i j.
pose above := \sum_(i < n) \sum_(j < n | (i < j)%N) f i j.
have -> : \sum_i \sum_j f i j = \sum_i f i i + (below + above).
  rewrite -!big_split; apply: eq_bigr => i _ /=.
  rewrite (bigD1 i) //= (bigID (fun j : 'I_n => (j < i)%N)) /=.
  congr (_ + (_ + _)); apply: eq_bigl => j; rewrite -val_eqE /=; by case: ltngtP.
congr (_ + _); rewrite /above (exchange_big_dep xpredT) //= -big_split.
by apply: eq_bigr => i _; rewrite -big_split.
Qed.

(** Twice a number is zero only if the number is: 2 is not a zero divisor. *)
Definition two_regular (R : ringType) := forall x : R, x *+ 2 = 0 -> x = 0.

Section Contraction.

Variables (R : comRingType) (n : nat).
Implicit Types S G K E : 'M[R]_n.

(** G is as good as S: it gives the same in every symmetric direction. *)
Definition valid S G := forall E, E^T = E -> ⟨G, E⟩ = ⟨S, E⟩.

(** Kᵀ = −K, with zeros on the diagonal (which 2 being regular implies, see [skewP]). *)
Definition skew K := K^T = - K /\ forall i, K i i = 0.

(** The basis of the symmetric matrices: E_ii, and E_ij + E_ji. *)
Definition direction i j : 'M[R]_n :=
  if i == j then delta_mx i i else delta_mx i j + delta_mx j i.

Lemma direction_sym i j : (direction i j)^T = direction i j.
Proof.
by rewrite /direction; case: eqP => _; rewrite ?linearD /= !trmx_delta // addrC.
Qed.

Lemma frob_direction G i j :
  ⟨G, direction i j⟩ = if i == j then G i i else G i j + G j i.
Proof. by rewrite /direction; case: eqP => _; rewrite ?frobDr !frob_delta. Qed.

(** A symmetric direction does not see a skew matrix. *)
Theorem skew_unseen K E : skew K -> E^T = E -> ⟨K, E⟩ = 0.
Proof.
move=> [trK diagK] symE; rewrite /frob sum_triangles.
rewrite big1 => [|i _]; last by rewrite diagK mul0r.
rewrite big1 ?addr0 // => i _; apply: big1 => j _.
have -> : K j i = - K i j by have /matrixP/(_ i j) := trK; rewrite !mxE.
have -> : E j i = E i j by rewrite -{1}symE mxE.
by rewrite mulNr subrr.
Qed.

(** The contraction theorem, over every commutative ring: the valid gradients are S + skew. *)
Theorem contraction S G : valid S G <-> skew (G - S).
Proof.
split=> [vG | sk E symE]; last by apply/subr0_eq; rewrite -frobBl skew_unseen.
have dirs i j : ⟨G - S, direction i j⟩ = 0 by rewrite frobBl vG ?subrr ?direction_sym.
have diag i : (G - S) i i = 0 by have := dirs i i; rewrite frob_direction eqxx.
split=> //; apply/matrixP=> i j; rewrite mxE [RHS]mxE.
have [-> | ne_ij] := eqVneq i j; first by rewrite diag oppr0.
by apply/eqP; rewrite -addr_eq0 addrC; have := dirs i j; rewrite frob_direction (negPf ne_ij) => ->.
Qed.

(** Agreement on the basis of the symmetric matrices suffices. *)
Theorem contraction_basis S G :
  (forall i j : 'I_n, (j <= i)%N -> ⟨G, direction i j⟩ = ⟨S, direction i j⟩) -> valid S G.
Proof.
move=> agree; apply/contraction.
have dirs (i j : 'I_n) : (j <= i)%N -> ⟨G - S, direction i j⟩ = 0.
  by move=> le_ji; rewrite frobBl agree ?subrr.
have diag i : (G - S) i i = 0 by have := dirs i i (leqnn i); rewrite frob_direction eqxx.
have below (i j : 'I_n) : (j < i)%N -> (G - S) i j + (G - S) j i = 0.
  move=> lt_ji; have := dirs i j (ltnW lt_ji).
  by rewrite frob_direction -val_eqE /= gtn_eqF.
split=> //; apply/matrixP=> i j; rewrite mxE [RHS]mxE; apply/eqP; rewrite -addr_eq0.
have [lt_ij | lt_ji | /val_inj->] := ltngtP i j; last by rewrite diag addr0.
- by rewrite below.
- by rewrite addrC below.
Qed.

(** Adding a skew matrix changes no contraction. *)
Theorem valid_skew S K : skew K -> valid S (S + K).
Proof. by move=> skK; apply/contraction; rewrite addrC addKr. Qed.

(** A parameterization with directions D_k = ∂X/∂θ_k, all symmetric: a valid G gives ∂f/∂θ_k for
    each, and for every combination of them. *)
Theorem valid_parameters (I : finType) (D : I -> 'M[R]_n) S G (eta : I -> R) :
  (forall k, (D k)^T = D k) -> valid S G ->
  ⟨G, \sum_k eta k *: D k⟩ = \sum_k eta k * ⟨S, D k⟩.
Proof.
move=> symD vG; rewrite frob_sumr; apply: eq_bigr => k _.
by rewrite frobZr vG.
Qed.

(** Conversely, parameters whose directions span the symmetric matrices decide validity. *)
Theorem spanning_parameters (I : finType) (D : I -> 'M[R]_n) S G :
  (forall E, E^T = E -> exists eta : I -> R, E = \sum_k eta k *: D k) ->
  (forall k, ⟨G, D k⟩ = ⟨S, D k⟩) -> valid S G.
Proof.
move=> span agree E /span[eta ->]; rewrite !frob_sumr.
by apply: eq_bigr => k _; rewrite !frobZr agree.
Qed.

(** Where 2 is regular, skew means Kᵀ = −K. *)
Lemma skewP K : two_regular R -> skew K <-> K^T = - K.
Proof.
move=> reg2; split=> [[] // | trK]; split=> // i; apply: reg2.
by rewrite mulr2n; have /matrixP/(_ i i) := trK; rewrite !mxE => {1}->; rewrite addNr.
Qed.

(** The contraction theorem where 2 is regular: G + Gᵀ = 2 S. *)
Theorem contraction_regular S G :
  two_regular R -> S^T = S -> valid S G <-> G + G^T = S + S.
Proof.
move=> reg2 symS; rewrite contraction skewP // linearB /= symS opprB.
by split=> [/(canRL (subrK _)) | eqGS];
  [move=> ->; rewrite addrA addrCA subrr addr0
  | apply/(canLR (addrK _)); rewrite addrAC -eqGS addrC addKr].
Qed.

End Contraction.

Section Field.

Variables (F : fieldType) (n : nat).
Implicit Types S G : 'M[F]_n.

(** The symmetric part (G + Gᵀ)/2. *)
Definition sym G : 'M[F]_n := 2%:R^-1 *: (G + G^T).

Lemma sym_sym G : (sym G)^T = sym G.
Proof. by rewrite linearZ linearD /= trmxK addrC. Qed.

(** Over a field in which 2 ≠ 0: G is valid exactly if its symmetric part is S. *)
Theorem contraction_field S G : 2%:R != 0 :> F -> S^T = S -> valid S G <-> sym G = S.
Proof.
move=> two_neq0 symS; rewrite contraction_regular // => [|x].
  rewrite /sym -[S + S]mulr2n -scaler_nat.
  by split=> [-> | <-]; rewrite scalerA ?mulVf ?mulfV // scale1r.
by rewrite -mulr_natl => /eqP; rewrite mulf_eq0 (negPf two_neq0) => /eqP.
Qed.

(** There is one symmetric valid gradient: S itself. *)
Theorem symmetric_unique S G : 2%:R != 0 :> F -> S^T = S -> G^T = G -> valid S G -> G = S.
Proof.
move=> two_neq0 symS symG /contraction_field <- //.
by rewrite /sym symG -[G + G]mulr2n -scaler_nat scalerA mulVf // scale1r.
Qed.

End Field.
